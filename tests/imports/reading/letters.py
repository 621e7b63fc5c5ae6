"""Lists of customers in many languages, and the encodings that shops have them in."""

from __future__ import annotations

LISTS = {
    "de": "Name;Straße;Ort\nJürgen Müller;Königstraße 5;Köln\nBärbel Schäfer;Größenweg 12;Düsseldorf\n"
    "Günter Weiß;Hauptstraße 1;München\nÖzlem Jäger;Südring 4;Nürnberg\n",
    "fr": "Nom;Prénom;Ville\nLefèvre;Hélène;Orléans\nGarçon;François;Besançon\nNoël;Anaïs;Saint-Étienne\n"
    "Bénézet;Zoé;Évreux\nDupré;Cécile;Nîmes\n",
    "es": "Nombre,Dirección,Teléfono\nJosé García Núñez,Avenida Perú 3,600123456\n"
    "María Peña,Calle Zúñiga 8,600123457\nRamón Ibáñez,Plaza Mayor 1º,600123458\n",
    "pt": "Nome;Endereço;Cidade\nJoão Gonçalves;Rua São José;São Paulo\nConceição Araújo;Praça da Sé;Brasília\n"
    "Antônio Simões;Avenida Três;Belém\n",
    "sv": "Namn;Gata;Ort\nÅsa Sjöberg;Storgatan 1;Malmö\nGöran Öberg;Kärrvägen 2;Växjö\nPär Hägg;Ålgatan;Gävle\n",
    "pl": "Imię;Nazwisko;Miasto\nŁukasz;Wiśniewski;Łódź\nMałgorzata;Dąbrowska;Gdańsk\nŻaneta;Źróbek;Częstochowa\n"
    "Józef;Ćwik;Poznań\n",
    "cs": "Jméno;Příjmení;Město\nJiří;Dvořák;Plzeň\nLenka;Růžičková;Třebíč\nŠtěpán;Čapek;Ústí\nŽofie;Němcová;Děčín\n",
    "hu": "Név;Város\nSzőke Gyöngyi;Győr\nTűzoltó Béla;Székesfehérvár\nKőműves Ödön;Hódmezővásárhely\nŐri Úrsula;Pécs\n",
    "tr": "Ad;Soyad;Şehir\nŞükrü;Öztürk;İstanbul\nAyşe;Yılmaz;Eskişehir\nÇağla;Gündoğdu;Iğdır\nGökçe;Işık;Muğla\n",
    "ru": "Имя;Фамилия;Город\nИван;Иванов;Москва\nОльга;Щербакова;Екатеринбург\nЮрий;Пономарёв;Нижний Новгород\n"
    "Наталья;Соколова;Санкт-Петербург\n",
    "uk": "Ім'я;Прізвище;Місто\nОлександр;Шевченко;Київ\nЛюбов;Їжакевич;Запоріжжя\nЄвген;Бойко;Чернівці\n",
    "el": "Όνομα;Επώνυμο;Πόλη\nΓιώργος;Παπαδόπουλος;Αθήνα\nΕλένη;Νικολάου;Θεσσαλονίκη\nΚώστας;Δημητρίου;Πάτρα\n",
    "he": "שם;משפחה;עיר\nדוד;כהן;ירושלים\nשרה;לוי;תל אביב\nיוסף;מזרחי;חיפה\nרחל;פרידמן;באר שבע\n",
    "ar": "الاسم,المدينة,العنوان\nمحمد أحمد,القاهرة,شارع النيل\nفاطمة الزهراء,الإسكندرية,ميدان التحرير\n"
    "عبد الله حسن,جدة,طريق الملك\n",
    "th": "ชื่อ,ที่อยู่,จังหวัด\nสมชาย ใจดี,ถนนสุขุมวิท,กรุงเทพมหานคร\nสมหญิง รักไทย,ถนนพหลโยธิน,เชียงใหม่\n",
    "ja": "氏名,住所,電話番号\n山田太郎,東京都新宿区西新宿1丁目,03-1234-5678\n鈴木花子,大阪市北区梅田町,06-1234-5678\n"
    "さとう けんじ,福岡県福岡市中央区,092-123-4567\n",
    "zh": "姓名,地址,电话\n王伟,北京市朝阳区建国路1号,13800138000\n李娜,上海市浦东新区世纪大道,13900139000\n"
    "张敏,广州市天河区体育西路,13700137000\n",
    "zh-Hant": "姓名,地址,電話\n陳志明,台北市大安區忠孝東路四段,0912345678\n林淑芬,高雄市前鎮區中山二路,0923456789\n"
    "黃建華,香港九龍彌敦道,0934567890\n",
    "ko": "이름,주소,전화번호\n김철수,서울특별시 강남구 테헤란로,010-1234-5678\n이영희,부산광역시 해운대구,010-2345-6789\n"
    "박지훈,대구광역시 수성구,010-3456-7890\n",
    "lt": "Vardas;Pavardė;Miestas\nŽydrūnas;Šėža;Šiauliai\nAgnė;Čižauskaitė;Panevėžys\nJūratė;Ąžuolienė;Kėdainiai\n",
}
WIDE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
ENCODINGS = {
    "de": ("cp1252", "latin-1", "iso8859_15", "mac_roman", "cp850", "cp437"),
    "fr": ("cp1252", "latin-1", "iso8859_15", "mac_roman", "cp850"),
    "es": ("cp1252", "latin-1", "mac_roman", "cp850"),
    "pt": ("cp1252", "latin-1", "mac_roman", "cp850"),
    "sv": ("cp1252", "latin-1", "mac_roman", "cp850"),
    "pl": ("cp1250", "iso8859_2", "mac_latin2", "cp852"),
    "cs": ("cp1250", "iso8859_2", "mac_latin2", "cp852"),
    "hu": ("cp1250", "iso8859_2", "cp852"),
    "tr": ("cp1254", "iso8859_9", "mac_turkish", "cp857"),
    "ru": ("cp1251", "koi8_r", "iso8859_5", "cp866", "mac_cyrillic"),
    "uk": ("cp1251", "koi8_u"),
    "el": ("cp1253", "iso8859_7", "cp737"),
    "he": ("cp1255", "iso8859_8", "cp862"),
    "ar": ("cp1256", "iso8859_6"),
    "th": ("cp874", "tis_620"),
    "ja": ("cp932", "euc_jp", "iso2022_jp"),
    "zh": ("gb18030", "gb2312", "gbk"),
    "zh-Hant": ("big5", "big5hkscs"),
    "ko": ("cp949", "euc_kr"),
    "lt": ("cp1257", "cp775"),
}
CASES = [(language, encoding) for language, own in ENCODINGS.items() for encoding in (*own, *WIDE)]

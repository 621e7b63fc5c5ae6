"""The words that columns are headed with, in the languages of the product and of the lists that people bring."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from crm.values.text import fold

WORDS = {
    "name": """name, full name, fullname, customer, customer name, client, client name, contact, contact name, contact
        person, display name, guest, guest name, guest full name, passenger, passenger name, member, member name, person,
        buyer name, billing name, account name, file as, fn, your name, traveller, traveler, lead name, recipient
        id: nama, nama lengkap, nama pelanggan, pelanggan, nama customer, nama konsumen, konsumen, nama tamu, tamu, nama kontak,
        kontak, nama jamaah, nama jemaah, nama peserta, peserta, nama pembeli, nama anggota, nama penumpang, nama klien
        ur: نام, پورا نام, مکمل نام, گاہک, گاہک کا نام, صارف, صارف کا نام, کسٹمر, کسٹمر کا نام, مسافر کا نام, مہمان کا نام
        ar: الاسم, اسم, الاسم الكامل, الاسم بالكامل, اسم العميل, العميل, اسم الزبون, الزبون, اسم الضيف, اسم المسافر, جهة الاتصال
        de: kunde, kundenname, vollständiger name, voller name, ansprechpartner, kontakt, gast, anzeigename, vor- und nachname
        fr: nom complet, nom et prénom, nom prénom, nom du client, client, contact, nom affiché, raison sociale ou nom
        es: nombre completo, nombre y apellidos, nombre y apellido, cliente, nombre del cliente, contacto, nombre de cliente
        it: nome completo, nome e cognome, cliente, nominativo, nome cliente, contatto, intestatario
        pt: nome completo, cliente, nome do cliente, contato, contacto
        nl: naam, volledige naam, klant, klantnaam, naam klant, contactpersoon, weergavenaam
        tr: ad soyad, adı soyadı, isim, isim soyisim, müşteri, müşteri adı, tam ad
        ru: имя и фамилия, фио, клиент, полное имя; pl: imię i nazwisko, klient; ja: 氏名, 名前, お名前, 顧客名; zh: 姓名, 名字, 客户,
        客户姓名, 客户名称, 客戶, 客戶姓名; ko: 이름, 성명, 고객명; th: ชื่อ, ชื่อ-นามสกุล, ชื่อลูกค้า; ms: nama penuh
        el: όνομα, ονοματεπώνυμο; he: שם, שם מלא; vi: họ tên, họ và tên, tên; sv: namn; da: navn; hu: név; cs: jméno a příjmení""",
    "first_name": """first name, firstname, given name, givenname, forename, fname, first, billing first name
        id: nama depan, nama pertama; ur: پہلا نام; ar: الاسم الأول, الاسم الاول
        de: vorname; fr: prénom, prenom; es: nombre, nombres, primer nombre, nombre de pila; it: nome
        pt: nome, primeiro nome, nome próprio; nl: voornaam; tr: ad, adı; ru: имя; pl: imię; cs: jméno; hu: keresztnév, utónév
        sv: förnamn; da: fornavn; ja: 名; zh: 名; el: μικρό όνομα; he: שם פרטי; lt: vardas; uk: ім'я; ro: prenume""",
    "middle_name": """middle name, middlename, second name, additional name, middle, middle initial
        id: nama tengah; ur: درمیانی نام; ar: الاسم الأوسط, اسم الأب; de: zweiter vorname; fr: deuxième prénom
        es: segundo nombre; it: secondo nome; pt: nome do meio; nl: tussenvoegsel; tr: ikinci ad; ru: отчество""",
    "last_name": """last name, lastname, surname, family name, familyname, lname, last, billing last name
        id: nama belakang, nama keluarga, marga; ur: آخری نام, خاندانی نام; ar: اسم العائلة, اللقب, الاسم الأخير, الكنية
        de: nachname, familienname, zuname; fr: nom, nom de famille; es: apellido, apellidos, primer apellido; it: cognome
        pt: sobrenome, apelido, último nome; nl: achternaam; tr: soyad, soyadı, soyisim; ru: фамилия; pl: nazwisko; cs: příjmení
        hu: vezetéknév, családnév; sv: efternamn; da: efternavn; ja: 姓; zh: 姓; el: επώνυμο; he: שם משפחה, משפחה; lt: pavardė
        uk: прізвище; ro: nume""",
    "company": """company, company name, organization, organisation, organization name, organisation name, business, business
        name, firm, employer, org, default address company, shop
        id: perusahaan, nama perusahaan, instansi, toko; ur: کمپنی, ادارہ; ar: الشركة, اسم الشركة, المؤسسة; de: firma, unternehmen,
        firmenname; fr: société, entreprise, raison sociale; es: empresa, compañía, razón social; it: azienda, società, ditta
        pt: empresa; nl: bedrijf, bedrijfsnaam; tr: şirket, firma; ru: компания, организация; ja: 会社名, 会社; zh: 公司, 公司名称""",
    "phone": """phone, phone number, phone no, phone nr, phone 1, mobile, mobile number, mobile phone, mobile no, mobil, cell,
        cell phone, cellphone, cellular, telephone, telephone number, telephone no, tel, tel no, tel nr, contact number, contact
        no, contact phone, whatsapp, whatsapp number, whatsapp no, wa, wa number, no wa, phone/whatsapp, primary phone, home
        phone, work phone, business phone, other phone, phone 2, phone number 2, mobile 2, billing phone, msisdn, sms, sms
        number, landline, alternate phone, secondary phone, customer phone, phones, car phone, main phone
        id: telepon, nomor telepon, no telepon, no telp, telp, nomor telp, hp, no hp, nomor hp, handphone, nomor handphone, no
        handphone, ponsel, nomor ponsel, nomor wa, no whatsapp, nomor whatsapp, nomor kontak, kontak hp, no tlp, tlp
        ur: فون, فون نمبر, موبائل, موبائل نمبر, ٹیلیفون, رابطہ نمبر, واٹس ایپ, واٹس ایپ نمبر
        ar: الهاتف, هاتف, رقم الهاتف, الجوال, جوال, رقم الجوال, المحمول, رقم المحمول, الموبايل, موبايل, رقم الموبايل, تليفون, رقم
        التليفون, واتساب, رقم الواتساب, رقم الاتصال
        de: telefon, telefonnummer, tel.-nr., telefonnr, handy, handynummer, mobil, mobiltelefon, mobilnummer, festnetz, rufnummer,
        telefon privat, telefon geschäftlich, mobilfunk
        fr: téléphone, numéro de téléphone, tél, portable, mobile, téléphone portable, gsm, numéro de portable, téléphone mobile
        es: teléfono, número de teléfono, móvil, teléfono móvil, celular, tel, tfno; it: telefono, cellulare, numero di telefono,
        numero di cellulare, tel, recapito; pt: telefone, telemóvel, celular, número de telefone, contacto telefónico
        nl: telefoon, telefoonnummer, mobiel, mobiele telefoon, mobiel nummer, gsm, 06-nummer; tr: telefon, telefon numarası, cep,
        cep telefonu, gsm; ru: телефон, номер телефона, мобильный, мобильный телефон; pl: telefon, numer telefonu, komórka
        ja: 電話番号, 電話, 携帯, 携帯電話, 携帯番号; zh: 电话, 手机, 手机号, 手机号码, 电话号码, 联系电话, 電話, 手機, 電話號碼, 手機號碼
        ko: 전화번호, 휴대폰, 연락처, 핸드폰; th: โทรศัพท์, เบอร์โทร, เบอร์โทรศัพท์, มือถือ; el: τηλέφωνο, κινητό; he: טלפון, נייד
        vi: điện thoại, số điện thoại, sđt; sv: telefon, mobil, mobilnummer; hu: telefon, telefonszám, mobil; ms: telefon bimbit""",
    "phone_extension": "extension, phone extension, ext; id: ekstensi; de: durchwahl; ur: ایکسٹینشن; ar: تحويلة, التحويلة",
    "email": """email, e-mail, e mail, mail, email address, e-mail address, e mail address, emailaddress, email id, email 1, e-mail
        1, primary email, customer email, contact email, work email, home email, email 2, e-mail 2, e-mail 2 address, e-mail 3
        address, secondary email, billing email, emails, subscriber, other email, additional email
        id: surel, alamat email, alamat e-mail, alamat surel; ur: ای میل, ای میل پتہ, برقی پتہ
        ar: البريد الإلكتروني, البريد الالكتروني, بريد إلكتروني, البريد, ايميل, الايميل, الإيميل, عنوان البريد الإلكتروني
        de: e-mail-adresse, emailadresse, mailadresse, e-mail adresse, email-adresse; fr: adresse e-mail, adresse email, courriel,
        adresse mail, mél, adresse électronique; es: correo, correo electrónico, correo-e, dirección de correo electrónico
        it: posta elettronica, indirizzo email, indirizzo e-mail; pt: correio eletrónico, correio eletrônico, endereço de email,
        endereço de e-mail; nl: e-mailadres, emailadres; tr: e-posta, eposta, e-posta adresi; ru: эл. почта, электронная почта,
        почта; pl: adres e-mail, adres email; ja: メール, メールアドレス, eメール; zh: 邮箱, 电子邮件, 电子邮箱, 電子郵件, 信箱
        ko: 이메일, 메일; th: อีเมล, อีเมล์; el: ηλεκτρονικό ταχυδρομείο; he: דואל, אימייל; sv: e-post, e-postadress; ms: e-mel""",
    "passport_number": """passport, passport number, passport no, passport nr, passport id, document number, travel document number
        id: paspor, nomor paspor, no paspor, no. paspor; ur: پاسپورٹ, پاسپورٹ نمبر; ar: جواز السفر, رقم الجواز, رقم جواز السفر
        de: reisepass, passnummer, reisepassnummer; fr: passeport, numéro de passeport; es: pasaporte, número de pasaporte
        it: passaporto, numero passaporto; pt: passaporte, número do passaporte; nl: paspoort, paspoortnummer; tr: pasaport,
        pasaport no, pasaport numarası; ru: паспорт, номер паспорта; zh: 护照号, 护照号码; ja: パスポート番号""",
    "address": """address, street, street address, address line 1, address line 2, address 1, address 2, address1, address2, home
        address, business address, full address, billing address, mailing address, home street, business street, home street 2,
        business street 2, home address 2, work address, work address 2, default address address1, default address address2,
        adr, address line, other street, billing address 1, billing address 2, shipping address, location address
        id: alamat, alamat lengkap, alamat rumah, jalan, alamat 1, alamat 2; ur: پتہ, مکمل پتہ, گھر کا پتہ, گلی
        ar: العنوان, عنوان, الشارع, شارع, العنوان الكامل, عنوان السكن; de: adresse, anschrift, straße, strasse, straße und hausnummer,
        straße/hausnummer, hausnummer, adresszusatz; fr: adresse, rue, adresse postale, voie, complément d'adresse
        es: dirección, calle, domicilio, dirección postal; it: indirizzo, via; pt: endereço, morada, rua, logradouro; nl: adres,
        straat, straatnaam, huisnummer; tr: adres, cadde, sokak; ru: адрес, улица; pl: adres, ulica; ja: 住所; zh: 地址, 详细地址
        ko: 주소; th: ที่อยู่; el: διεύθυνση, οδός; he: כתובת, רחוב; vi: địa chỉ; sv: adress, gata, gatuadress; hu: cím, utca""",
    "city": """city, town, locality, home city, business city, city/town, town/city, default address city, billing city, municipality,
        work city, other city, suburb
        id: kota, kabupaten, kota/kabupaten, kab/kota, kota asal; ur: شہر; ar: المدينة, مدينة; de: ort, stadt, wohnort, ortschaft
        fr: ville, commune, localité; es: ciudad, población, localidad, municipio; it: città, comune, località; pt: cidade,
        localidade, município; nl: plaats, stad, woonplaats; tr: şehir, il, ilçe; ru: город; pl: miasto, miejscowość; cs: město
        hu: város, település; sv: ort, stad, postort; ja: 市区町村, 市; zh: 城市, 市; ko: 도시, 시; th: เมือง, อำเภอ; el: πόλη; he: עיר
        vi: thành phố; lt: miestas""",
    "province": """province, state, region, county, state/province, state / province, home state, business state, province/state,
        default address province code, default address province, state/region, work state, governorate, billing state, emirate
        id: provinsi, propinsi, wilayah; ur: صوبہ, علاقہ; ar: المحافظة, المقاطعة, المنطقة, الولاية, الإقليم; de: bundesland, kanton
        fr: région, département, province; es: provincia, estado, comunidad autónoma, región; it: provincia, regione; pt: estado,
        distrito, província, uf; nl: provincie; tr: bölge, eyalet; ru: область, регион; pl: województwo; ja: 都道府県, 県
        zh: 省, 省份; th: จังหวัด; ms: negeri""",
    "postal_code": """postal code, postcode, post code, zip, zip code, zipcode, zip/postal code, postal/zip code, home postal code,
        business postal code, default address zip, pin code, pincode, work zipcode, home zipcode, billing zip, postal
        id: kode pos, kodepos; ur: پوسٹل کوڈ, ڈاک کوڈ; ar: الرمز البريدي, رمز بريدي; de: plz, postleitzahl; fr: code postal, cp
        es: código postal, c.p., cp; it: cap, codice postale, codice di avviamento postale; pt: código postal, cep; nl: postcode
        tr: posta kodu; ru: индекс, почтовый индекс; pl: kod pocztowy; ja: 郵便番号; zh: 邮编, 邮政编码, 郵遞區號; ko: 우편번호
        th: รหัสไปรษณีย์; el: τκ, ταχυδρομικός κώδικας; he: מיקוד; sv: postnummer; hu: irányítószám; ms: poskod""",
    "country": """country, country/region, home country/region, business country/region, nation, home country, work country,
        default address country code, country code, billing country; id: negara; ur: ملک; ar: البلد, الدولة, بلد; de: land, staat
        fr: pays; es: país; it: paese, nazione, stato; pt: país; nl: land; tr: ülke; ru: страна; pl: kraj; ja: 国; zh: 国家""",
    "birthday": """birthday, birth date, birthdate, date of birth, dob, bday, born, born on
        id: tanggal lahir, tgl lahir, ulang tahun, tgl. lahir; ur: تاریخ پیدائش, سالگرہ, پیدائش; ar: تاريخ الميلاد, الميلاد, عيد
        الميلاد; de: geburtstag, geburtsdatum, geb.-datum, geboren am; fr: date de naissance, anniversaire, né le; es: fecha de
        nacimiento, cumpleaños, nacimiento; it: data di nascita, compleanno, nato il; pt: data de nascimento, aniversário
        nl: geboortedatum, verjaardag; tr: doğum tarihi, doğum günü; ru: дата рождения, день рождения; ja: 生年月日, 誕生日
        zh: 生日, 出生日期; ko: 생일, 생년월일; pl: data urodzenia""",
    "service_type": """service, service type, package, product interest, interest; id: layanan, jenis layanan, paket, nama paket
        ur: سروس, خدمت, پیکج; ar: الخدمة, نوع الخدمة, الباقة; de: leistung, dienstleistung; fr: service, prestation; es: servicio
        it: servizio; pt: serviço; nl: dienst; tr: hizmet""",
    "source": """source, lead source, original source, referral source, how did you hear about us, channel, creation source
        id: sumber, asal, sumber data; ur: ذریعہ, ماخذ; ar: المصدر, مصدر; de: quelle, herkunft; fr: source, origine, provenance
        es: fuente, origen, procedencia; it: fonte, provenienza, origine; pt: origem, fonte; nl: bron, herkomst; tr: kaynak""",
    "language": """language, preferred language, locale, lang; id: bahasa; ur: زبان; ar: اللغة, لغة; de: sprache; fr: langue
        es: idioma, lengua; it: lingua; pt: idioma, língua; nl: taal; tr: dil; ru: язык; zh: 语言; ja: 言語""",
    "branch": """branch, branch name, store, store name, outlet, location, salon; id: cabang, nama cabang, gerai; ur: شاخ, برانچ
        ar: الفرع, فرع, اسم الفرع; de: filiale, standort, niederlassung; fr: succursale, agence, magasin, boutique; es: sucursal,
        tienda; it: filiale, sede, negozio; pt: filial, loja; nl: vestiging, filiaal, winkel; tr: şube""",
    "tags": """tags, tag, labels, label, categories, category, group, groups, customer group, segment, segments, group membership,
        customer groups, mailing lists, lists; id: label, kategori, grup, kelompok; ur: ٹیگ, ٹیگز, گروپ, زمرہ; ar: الوسوم, وسم,
        التصنيف, المجموعة, تصنيف; de: kategorie, kategorien, gruppe, schlagwörter; fr: étiquettes, catégorie, groupe
        es: etiquetas, categoría, grupo; it: etichette, categoria, gruppo; pt: etiquetas, categoria, grupo; nl: categorie, groep,
        labels; tr: etiketler, kategori, grup""",
    "notes": """notes, note, comment, comments, remark, remarks, memo, description, additional information, internal notes, customer
        note, additional notes, info, message; id: catatan, keterangan, komentar, ket, catatan tambahan; ur: نوٹ, نوٹس, تبصرہ,
        کیفیت; ar: ملاحظات, ملاحظة, تعليق, تعليقات; de: notiz, notizen, bemerkung, bemerkungen, anmerkung, kommentar, hinweis
        fr: remarque, remarques, notes, commentaire, commentaires, observations; es: notas, nota, observaciones, comentarios,
        comentario; it: note, nota, commenti, osservazioni; pt: notas, observações, obs, comentários; nl: notities, opmerking,
        opmerkingen; tr: not, notlar, açıklama; ru: примечание, заметки, комментарий; pl: uwagi; ja: 備考, メモ; zh: 备注, 備註
        ko: 비고, 메모; th: หมายเหตุ""",
    "is_active": "active, is active, enabled; id: aktif; ur: فعال; ar: نشط, فعال; de: aktiv; fr: actif; es: activo; it: attivo; nl: actief",
    "sms_allowed": """sms allowed, sms consent, accepts sms marketing, sms opt in, sms marketing, sms subscriber status, sms permission
        id: izin sms, sms diizinkan; ur: sms کی اجازت ہے, ایس ایم ایس کی اجازت; ar: sms مسموح, الرسائل النصية مسموحة
        de: sms erlaubt; fr: sms autorisés; es: sms permitidos; nl: sms toegestaan; it: sms consentiti""",
    "whatsapp_allowed": """whatsapp allowed, whatsapp consent, whatsapp opt in, accepts whatsapp, whatsapp permission
        id: whatsapp diizinkan, izin whatsapp; ur: whatsapp کی اجازت ہے; ar: whatsapp مسموح; de: whatsapp erlaubt
        fr: whatsapp autorisé; es: whatsapp permitido; nl: whatsapp toegestaan""",
    "email_allowed": """email allowed, e-mail allowed, email consent, accepts marketing, accepts email marketing, email opt in, newsletter,
        email subscriber status, subscribed, email subscription status, marketing consent, email marketing, mailing consent
        id: e-mail diizinkan, izin email; ur: ای میل کی اجازت ہے; ar: البريد الإلكتروني مسموح; de: e-mail erlaubt, newsletter
        fr: e-mail autorisé, infolettre; es: correo permitido, boletín; nl: e-mail toegestaan, nieuwsbrief""",
    "id": "crm id, number in this crm",
}
"""Lists of words by field; a language's begin with its code, which is only for the reader."""

_LANGUAGE = re.compile(r"(?:^|[\s;])[a-z]{2}: ")
_SIGNS = re.compile(r"[\s_.,:;/\\()\[\]*#\"'\u2019\u00b4`?!\u061f+&-]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_COUNTED = re.compile(r" ?\d{1,2}$")
MAX_HEADER = 80


@lru_cache(maxsize=4096)
def folded(header: str) -> str:
    """Return what headers are compared by: no case, accents, articles, signs; `firstName` is `first name`."""
    return _SIGNS.sub(" ", fold(_CAMEL.sub(" ", header[:MAX_HEADER]))).strip()


@cache
def _fields() -> dict[str, str]:
    found: dict[str, str] = {}
    for field, text in WORDS.items():
        for word in _LANGUAGE.sub(",", text).replace(";", ",").split(","):
            words = " ".join(word.split())
            if words:
                found.setdefault(folded(words), field)
    return found


@lru_cache(maxsize=4096)
def field_of(header: str) -> str:
    """Return the field that a header names; "" for none."""
    word = folded(header)
    known = _fields()
    # `Phone 2`, and `Telefon (mobil)` by its first word.
    return known.get(word) or known.get(_COUNTED.sub("", word)) or _by_first(header, known)


def _by_first(header: str, known: dict[str, str]) -> str:
    head, bracket, _ = header.partition("(")
    if not bracket:
        head, bracket, _ = header.partition(" / ")
    return known.get(folded(head), "") if bracket and head.strip() else ""

"""Words in names that identify little: titles, degrees, particles and common names.

All are folded (`crm.values.text.fold`), without punctuation. An ambiguous title is listed as a common name: skipping it
could make two people one.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MALE = _words("""
h mr mister nai bapak bpk pak tn tuan sdr drs herr hr dhr sr senor monsieur messrs signor sig senhor encik datuk
dato ustaz ustad ustadz ustadh shri shriman thiru thirumigu jenab janab haji sir mas kyrios pan gospodin السيد
جناب اقاي اقا мистер господин מר श्री श्रीमान জনাব திரு นาย ဦး ကို மிஸ்டர்
""")
FEMALE = _words("""
mrs ms miss mosammat musammat mst mist madam madame mme mlle mademoiselle ibu bu ny nyonya nn nona sdri dra frau
mevr mw sra
srta senora senorita signora sigra signorina senhora puan datin ustazah ustadzah ustadah hajah hajjah hj
shrimati smt thirumathi hanim lady mbak mbok tante kyria gospozha pani
السيده خانم الانسه محترمه גברת госпожа миссис श्रीमती सुश्री মিসেস திருமதி செல்வி นาง นางสาว นส ဒေါ်
""")
NEUTRAL = _words("""
dr doctor doktor dokter dott dottssa doc prof professor profesor ir ing lic engr arq chief hon rev pastor
pendeta pdt suster bruder kyai kh hafiz hafidz haafiz ust seri tansri cmdr capt captain kapten kolonel letkol
brigjen sgt iptu ipda kompol dipl mag kak kakak fnu lnu pax adt ybhg khun phra alhaji alhaja almarhum
almarhumah alm almh bey efendi adv الدكتور دكتور الدكتوره دكتوره دكتر الحاج الحاجه الاستاذ استاذ المهندس مهندس
حاجي דר डॉ ডা ডাঃ ดร คุณ 様 氏 씨 님
""")
TRAILING_TITLES = _words("ji jee garu bhau sahib saheb sahab bey hanim abi abla जी جی جي")
"""Titles only after a name."""
INNER_TITLES = _words("bhai ben behn bey hanim")
"""Titles between the names, too."""
OF_FAMILIES = _words("mr mrs ms miss sr sra srta herr frau monsieur mme mlle m dhr mevr signor signora")
"""Titles before a family's name, where only one word follows."""

TITLES = MALE | FEMALE | NEUTRAL
SOFT_TITLES = _words("pak mas h u sir")
"""Titles that also begin names; a word before the other name confirms them."""

CHILD = _words("mstr master chd child inf infant")
ADULT = _words("mr mrs tn ny bapak bpk ibu tuan nyonya nona herr frau")
GLUED = ("mstr", "miss", "mrs", "chd", "inf", "mr", "ms", "dr")
"""Titles that airlines append to the given name without a space."""

GENERATIONS = {
    **dict.fromkeys(("jr", "junior", "jnr", "filho"), "junior"),
    **dict.fromkeys(("sr", "senior", "snr"), "senior"),
    **{word: word for word in ("ii", "iii", "iv", "neto", "sobrinho")},
}
OF_MALE, OF_FEMALE = _words("bin ibn s/o a/l بن ابن"), _words("binti binte bte bt bint d/o a/p بنت")
OF = OF_MALE | OF_FEMALE
"""Words before the father's name."""

PARTICLES = _words("""
de da di do du das dos del dela della delle dello dei degli la las los le lo y van von der den dem ter ten te
zu zum zur vom af av al el ul ur ad as ash az ar at an e ben bat w/o ال
""")
AND = _words("and dan und et y dengan plus cum و и და")
SOMEBODYS = _words("""
mama mamah mamak papa papah ayah ayahnya ibunya bapaknya istri isteri suami anak anaknya adik adiknya kakaknya
bunda umi ummi ummu umm abi mom mum mommy dad daddy mother father wife husband son daughter brother sister
keluarga family kel fam familia famille familie toko warung hotel resto restoran restaurant bengkel salon
klinik apotek shop store sopir driver asisten assistant c/o w/o
""")
"""Words that make another person, a family or a place of a name: the mother of Rina is not Rina."""

MUHAMMAD = _words("""
muhammad mohammad mohamad muhamad muhammed mohammed mohamed muhamed mohamet mehmed mohamud muhamud muhammadu
mahamadou mohd moh muh mhd mhmd muhd mohmd mohammod muhammod mahomed mohmmad muhmmad mochammad mochamad
muchamad muchammad mokhamad
""")
OMITTED = MUHAMMAD | _words("""
siti sitti sity syed sayed sayyid sayyed saiyed syeda sayyeda saiyida sayyida sayeda abdul thi raden teuku
tengku tubagus van ni daw i wayan made nyoman ketut komang kadek putu gede luh gusti ngurah kade iluh محمد عبد
سيد موهبه মোঃ মোহাম্মদ মো
""")
"""Given names before the usual one, often omitted."""

COMMON = _words("""
ahmad ahmed ahmet achmad akhmad amad ahamed maria mariya nur noor nor noer jean jose sri dewa ida
anak agung ayu bagus datu tun cut andi daeng om don dona gus ning neng uni koh ko ci cik cece bang abang abah
teh aa uda pt cv ud pd ltd co llc tb rm ra st begum bibi bano khatun khatoon akter akhter kaur kumari devi
uddin u ma maung saw abu ummu ghulam gulam bin احمد
""")
"""Common names: alone they identify nobody."""

CHINESE = _words("""
wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin gao luo zheng liang xie tang song
han feng deng cao peng zeng xiao tian dong pan yuan cai jiang yu du ye cheng wei su lu ding ren shen yao lai
kang qin jin shi cui fan wong chan cheung lam leung ng ho lau chow kwok yip yeung chu fung tse mak lui tsang
hui siu poon kwan tam lim tan lee ong goh teo koh chua tay sim low yeo toh sia chew quek kho khoo ooi gan
chong chin chia loh phua heng seah bu hsu hsieh tsai chiang chou kuo lo yap wee neo pang soh thio tjia liem
oei kwee njoo nyoo tio
""")
KOREAN = _words("""
kim lee yi rhee park pak bak choi choe jung jeong chung kang gang cho jo yoon yun jang chang lim im han oh o
seo suh shin sin kwon gwon hwang ahn an song ryu yoo yu hong jeon jun ko go moon mun yang son bae baek cha noh
roh ha heo hur nam min
""")
VIETNAMESE = _words("""
nguyen tran le pham hoang huynh phan vu vo dang bui do ho ngo duong ly dinh trinh dao doan mai lam truong cao
ha luong to chau ta phung quach thai dam
""")
FAMILY_FIRST = CHINESE | KOREAN | VIETNAMESE
FAMILY = FAMILY_FIRST | _words("""
khan malik butt chaudhry chaudhary choudhary choudhury chowdhury sheikh shaikh shah mirza baig beg rana raja
rao rai sardar nawab mian khawaja qureshi siddiqui bhatti awan ansari hashmi memon bukhari gilani pir kazi
qazi chowdhary singh kumar sharma gupta patel verma varma mehta nair iyer iyengar reddy das dasgupta sen bose
ghosh banerjee jain agarwal agrawal joshi mishra pandey tiwari yadav thakur naidu pillai menon perera silva
fernando desilva mendis islam hossain mia miah sato suzuki takahashi tanaka watanabe ito yamamoto nakamura
kobayashi kato yoshida yamada sasaki yamaguchi matsumoto inoue kimura hayashi shimizu saito yamazaki mori abe
ikeda hashimoto ishikawa ogawa okada goto hasegawa murakami kondo ishii smith jones johnson brown davies
garcia fernandez gonzalez rodriguez lopez martinez sanchez perez gomez jimenez ruiz hernandez diaz moreno
alvarez romero torres ramirez flores reyes santos bautista ocampo mendoza castillo villanueva souza sousa
oliveira pereira lima costa ferreira rodrigues almeida nascimento alves ribeiro carvalho muller schmidt
schneider fischer weber meyer wagner becker schulz hoffmann jong vries berg dijk bakker jansen visser smit
ivanov petrov sidorov smirnov kuznetsov popov volkov yilmaz kaya demir celik sahin yildiz cohen mizrahi
siregar nasution lubis harahap simanjuntak situmorang hutapea marpaung sitompul saetang papadopoulos santoso
wijaya
""")
"""Names of families and clans, shared by relatives."""

DEGREES = _words("""
se sh st ss ssi skom spd spdi sag sip sikom sos ssos spsi sked skep skm sfarm stp spt spi sth stheol shi shut
spn sst strkes strkeb mm mh mt msi mkom mpd mpdi mag msc mhum mkes mkn mba mph mphil mstat meng mars mak mpsi
mks sn ssn sak spak spog spa spb spm spkk spjp spot spbs sppd spkj sprad span spp spthtkl spfk amd amdkeb
amdkep amk keb kep ners ns apt ca cpa cfa cfp cpns phd dphil md mbbs mbchb dds dmd dvm jd llb llm esq ba bsc
bsn bed beng btech mtech bcom mcom bca mca bba ma mres rn lpn np do dba edd psyd pe pmp acca fcca mrcp frcs
mrcog ret obe mbe cbe qc kc iai plt kes pdi filsafat si hum kom ag ed eng
""")
UNDOTTED_DEGREES = _words("""
ssi skom spd spdi sag sip sos ssos spsi sked skep skm sfarm msi mkom mpd mpdi mhum mkes mkn mba mph mphil amd
amdkeb phd dphil md mbbs dds dvm llb llm esq bsc bsn btech mtech bcom mcom bca mca bba rn cpa cfa edd keb spog
sppd
""")
"""Degrees recognized without points and commas."""

"""The customers of the demo shops, oldest first."""

from __future__ import annotations

from typing import NamedTuple


class Shopper(NamedTuple):
    """A customer of a demo shop; `place` and `branch` are indexes into the shop's."""

    name: str
    phone: str
    email: str = ""
    address: str = ""
    place: int = 0
    branch: int | None = None
    service_type: str = ""
    notes: str = ""
    passport_number: str = ""
    is_active: bool = True


JAKARTA_PLACES = (
    ("Jakarta Selatan", "DKI Jakarta", "12730"),
    ("Jakarta Pusat", "DKI Jakarta", "10310"),
    ("Depok", "Jawa Barat", "16424"),
    ("Bandung", "Jawa Barat", "40115"),
    ("Tangerang", "Banten", "15117"),
)
KARACHI_PLACES = (
    ("Karachi", "Sindh", "75600"),
    ("Lahore", "Punjab", "54000"),
    ("Islamabad", "Islamabad Capital Territory", "44000"),
)

JAKARTA = (
    Shopper("Siti Rahma", "0812-5550-0101", "siti.rahma@example.com", "Jl. Melati 12", 0, 0, "Cakes", "Likes pandan."),
    Shopper("Budi Santoso", "0813-5550-0102", "budi.santoso@example.com", "Jl. Kemang Raya 8", 0, 0, "Catering"),
    Shopper("Ibu Sari Wulandari", "0812-5550-0103", "", "Jl. Tebet Barat 4", 0, 1, "Cakes", "Calls before she comes."),
    Shopper("dr. Hendra Gunawan, Sp.A", "0811-5550-0104", "hendra@example.com", "Jl. Cikini 21", 1, 0, "Coffee"),
    Shopper("Ni Luh Ayu Pratiwi", "0817-5550-0105", "ayu.pratiwi@example.com", "Jl. Margonda 77", 2, 1, "Cakes"),
    Shopper("José Pereira", "0821-5550-0106", "jose.pereira@example.com", "Jl. Senopati 3", 0, 0, "Coffee"),
    Shopper("Bapak Agus Wijaya", "0856-5550-0107", "", "Jl. Tebet Timur 15", 0, 1, "Catering", "Office on floor 3."),
    Shopper("Dewi Lestari", "0812-5550-0108", "dewi.lestari@example.com", "Jl. Kenanga 2", 4, 1, "Cakes"),
    Shopper("Hj. Fatimah Nasution", "0813-5550-0109", "", "Jl. Cipete 40", 0, 0, "Catering", "No alcohol in anything."),
    Shopper("Rudi Hartono", "0878-5550-0110", "rudi.hartono@example.com", "Jl. Braga 10", 3, 0, "Coffee"),
    Shopper("Maya Anggraini", "0812-5550-0111", "maya@example.com", "Jl. Ampera 9", 0, 0, "Cakes", "Nut allergy."),
    Shopper("I Made Suardana", "0819-5550-0112", "made.suardana@example.com", "Jl. Dago 55", 3, 0, "Coffee"),
    Shopper("Kartika Putri", "0812-5550-0113", "kartika.putri@example.com", "Jl. Menteng 6", 1, 0, "Cakes"),
    Shopper("Yusuf Hidayat", "0857-5550-0114", "", "Jl. Bintaro 31", 4, 1, "Catering"),
    Shopper("Renée Tanuwijaya", "0816-5550-0115", "renee@example.com", "Jl. Wijaya 18", 0, 0, "Cakes"),
    Shopper("Eko Prasetyo", "0812-5550-0116", "eko.prasetyo@example.com", "Jl. Saharjo 27", 0, 1, "Coffee"),
    Shopper("Joko", "0813-5550-0117", "", "", 0, 1, "", "Only one name."),
    Shopper("Intan Permata Sari", "0822-5550-0118", "intan@example.com", "Jl. Juanda 14", 2, 1, "Cakes"),
    Shopper("Irfan Maulana", "0812-5550-0119", "irfan.maulana@example.com", "Jl. Gandaria 5", 0, 0, "Coffee"),
    Shopper("Wulan Safitri", "0877-5550-0120", "wulan@example.com", "Jl. Sawangan 63", 2, 1, "Cakes"),
    Shopper("Prof. Bambang Suryadi", "0811-5550-0121", "bambang@example.com", "Jl. Salemba 4", 1, 0, "Catering"),
    Shopper("Zahra Aulia", "0812-5550-0122", "zahra.aulia@example.com", "Jl. Pejaten 11", 0, 1, "Cakes"),
    Shopper("Dimas Kurniawan", "0858-5550-0123", "", "Jl. Pasar Minggu 2", 0, 1, "Coffee"),
    Shopper("Citra Handayani", "0813-5550-0124", "citra@example.com", "Jl. Antasari 70", 0, 0, "Cakes"),
    Shopper("Ferry Simanjuntak", "0812-5550-0125", "ferry.s@example.com", "Jl. Setiabudi 19", 3, 0, "Catering"),
    Shopper("Gita Nugroho", "0821-5550-0126", "gita@example.com", "Jl. Serpong 8", 4, 1, "Cakes"),
    Shopper("Toko Bunga Mekar", "021-555-0127", "halo@bungamekar.example.com", "Jl. Barito 1", 0, 0, "Partner"),
    Shopper("Arif Rahman Hakim", "0812-5550-0128", "arif@example.com", "Jl. Cinere 44", 2, 1, "Coffee"),
    Shopper("Lina Halim", "0813-5550-0129", "lina.halim@example.com", "Jl. Pluit 30", 1, 0, "Cakes", is_active=False),
    Shopper("Nur Aini", "0859-5550-0130", "", "Jl. Beji 12", 2, 1, "Cakes"),
    Shopper("Andreas Sihombing", "0812-5550-0131", "andreas@example.com", "Jl. Karet 25", 1, 0, "Coffee"),
    Shopper("Ratna D\u2019Souza", "0818-5550-0132", "ratna@example.com", "Jl. Panglima Polim 7", 0, 0, "Cakes"),
    Shopper("Bayu Saputra", "0812-5550-0133", "bayu.saputra@example.com", "Jl. Ciputat 90", 4, 1, "Coffee"),
    Shopper("Ny. Tuti Purnomo", "0813-5550-0134", "", "Jl. Radio Dalam 16", 0, 0, "Catering", "Pays by transfer."),
    Shopper("Kevin Salim", "0812-5550-0135", "kevin.salim@example.com", "Jl. Kuningan 3", 0, 0, "Coffee"),
    Shopper("Oktaviani Lubis", "0823-5550-0136", "okta@example.com", "Jl. Lenteng Agung 5", 0, 1, "Cakes"),
    Shopper("Wayan Sudiarta", "0812-5550-0137", "wayan@example.com", "Jl. Riau 28", 3, 0, "Coffee"),
    Shopper("Putri Ramadhani", "0856-5550-0138", "putri.r@example.com", "Jl. Tebet Utara 9", 0, 1, "Cakes"),
    Shopper("Galih Firmansyah", "0812-5550-0139", "", "Jl. Mampang 22", 0, 0, "Coffee"),
    Shopper("Anisa Fitriani", "0813-5550-0140", "anisa.f@example.com", "Jl. Kemang Timur 17", 0, 0, "Cakes", "New."),
)

KARACHI = (
    Shopper("Ayesha Khan", "0300-5550101", "ayesha.khan@example.com", "Khayaban-e-Shahbaz 14", 0, 0, "Umrah"),
    Shopper("Bilal Ahmed", "0321-5550102", "bilal.ahmed@example.com", "Tariq Road 90", 0, 1, "Visa", "", "AB1234567"),
    Shopper(
        "Dr. Hina Qureshi", "0333-5550103", "hina@example.com", "Clifton Block 5", 0, 0, "Flights", "", "CD2345678"
    ),
    Shopper("Muhammad Usman", "0345-5550104", "", "Saddar 3", 0, 1, "Visa", "Waits for his passport."),
    Shopper("Zainab Malik", "0301-5550105", "zainab.malik@example.com", "Gulberg III 21", 1, 0, "Holidays"),
    Shopper("Imran Siddiqui", "0322-5550106", "imran@example.com", "F-7 Markaz", 2, 0, "Flights", "", "EF3456789"),
    Shopper("Rabia Butt", "0334-5550107", "rabia.butt@example.com", "Model Town 8", 1, 1, "Umrah", "Group of five."),
    Shopper("Kashif Raza", "0346-5550108", "", "Nazimabad 2", 0, 1, "Visa"),
    Shopper("Sana Chaudhry", "0302-5550109", "sana@example.com", "Cantt 40", 1, 0, "Holidays"),
    Shopper("Tariq Mehmood", "0323-5550110", "tariq.m@example.com", "Bahadurabad 6", 0, 1, "Flights"),
    Shopper("Maryam Hussain", "0335-5550111", "maryam@example.com", "DHA Phase 6", 0, 0, "Umrah"),
    Shopper("Faisal Sheikh", "0347-5550112", "faisal@example.com", "Blue Area 12", 2, 0, "Flights"),
)

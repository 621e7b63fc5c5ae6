"""Names and places of generated customers, by region."""

from __future__ import annotations

from typing import NamedTuple


class NamePool(NamedTuple):
    """Places are (city, province, postal code)."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    places: tuple[tuple[str, str, str], ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(" "))


_INDONESIA = NamePool(
    first=_words(
        "Siti Budi Ayu Agus Dewi Eko Rina Hendra Putri Joko Wulan Rudi Sari Bayu Ratna Dedi Maya Andi Lestari Yusuf "
        "Nur Fajar Intan Irfan Kartika Made Nyoman Ketut Wayan Gita Indah Arif Citra Dimas Fitri Galih Hana Iwan "
        "Jihan Krisna Laila Miko Novi Oki Puspa Raka Salsa Tono Umi Vina Wahyu Yanti Zahra Bagas Cahya Dian"
    ),
    last=_words(
        "Rahma Santoso Lestari Wijaya Kusuma Pratama Hidayat Nugroho Susanti Setiawan Utami Saputra Handayani Gunawan "
        "Permata Siregar Nasution Simanjuntak Hutapea Tarigan Ginting Harahap Lubis Sihombing Maulana Ramadhan "
        "Firmansyah Kurniawan Wibowo Suryadi Anggraini Puspita Safitri Mahendra Halim Tanuwijaya Hartono Salim Basuki "
        "Suharto Purnomo Iskandar Fauzi Zulkarnain Hakim Yulianto Prasetyo Wulandari Oktaviani Adiputra"
    ),
    streets=("Jl. Melati", "Jl. Sudirman", "Jl. Diponegoro", "Jl. Kenanga", "Jl. Gajah Mada", "Jl. Cendana"),
    places=(
        ("Jakarta", "DKI Jakarta", "10110"),
        ("Bandung", "Jawa Barat", "40111"),
        ("Bogor", "Jawa Barat", "16111"),
        ("Surabaya", "Jawa Timur", "60111"),
        ("Malang", "Jawa Timur", "65111"),
        ("Semarang", "Jawa Tengah", "50111"),
        ("Yogyakarta", "DI Yogyakarta", "55111"),
        ("Denpasar", "Bali", "80111"),
        ("Medan", "Sumatera Utara", "20111"),
        ("Makassar", "Sulawesi Selatan", "90111"),
    ),
)
_PAKISTAN = NamePool(
    first=_words(
        "Ahmed Ayesha Bilal Fatima Hassan Hina Imran Kiran Usman Zainab Ali Amna Hamza Iqra Kashif Maryam Nadeem Rabia "
        "Saad Sana Tariq Uzma Waqas Yasmin Zara Faisal Mehwish Adnan Nida Junaid"
    ),
    last=_words(
        "Khan Malik Hussain Raza Qureshi Siddiqui Butt Chaudhry Sheikh Abbasi Baig Mirza Javed Iqbal Aslam Akhtar "
        "Farooq Rehman Nawaz Bhatti Ansari Gillani Hashmi Kazmi Lodhi Mughal Niazi Paracha Rana Zaidi"
    ),
    streets=("Mall Road", "Jinnah Avenue", "Tariq Road", "Shahrah-e-Faisal", "Canal Road", "University Road"),
    places=(
        ("Karachi", "Sindh", "74000"),
        ("Hyderabad", "Sindh", "71000"),
        ("Lahore", "Punjab", "54000"),
        ("Rawalpindi", "Punjab", "46000"),
        ("Faisalabad", "Punjab", "38000"),
        ("Islamabad", "Islamabad Capital Territory", "44000"),
        ("Peshawar", "Khyber Pakhtunkhwa", "25000"),
        ("Quetta", "Balochistan", "87300"),
    ),
)
_ANYWHERE = NamePool(
    first=_INDONESIA.first + _PAKISTAN.first,
    last=_INDONESIA.last + _PAKISTAN.last,
    streets=("Main Street", "Station Road", "High Street", "Park Road", "Mill Lane", "Church Street"),
    places=(
        ("Northtown", "North", "10001"),
        ("Southtown", "South", "20002"),
        ("Easttown", "East", "30003"),
        ("Westtown", "West", "40004"),
    ),
)
_POOLS = {"ID": _INDONESIA, "PK": _PAKISTAN}


def pool_of(region: str) -> NamePool:
    """Return the pool of a region (ISO 3166, `ID`)."""
    return _POOLS.get(region, _ANYWHERE)

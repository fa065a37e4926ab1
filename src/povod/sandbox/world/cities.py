"""Cities of the sandbox world with what addresses, phones and texts need of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class City:
    """`lr` is the search service's region, `code` the telephone area code, `inn_region` the
    first two digits of local taxpayer numbers, `at` the name after «в».
    """

    name: str
    at: str
    latin: str
    lr: int
    code: str
    inn_region: str


CITIES: tuple[City, ...] = (
    City("Казань", "Казани", "kazan", 43, "843", "16"),
    City("Самара", "Самаре", "samara", 51, "846", "63"),
    City("Омск", "Омске", "omsk", 66, "3812", "55"),
    City("Санкт-Петербург", "Санкт-Петербурге", "spb", 2, "812", "78"),
    City("Екатеринбург", "Екатеринбурге", "ekb", 54, "343", "66"),
    City("Новосибирск", "Новосибирске", "nsk", 65, "383", "54"),
    City("Пермь", "Перми", "perm", 50, "342", "59"),
    City("Челябинск", "Челябинске", "chel", 56, "351", "74"),
    City("Уфа", "Уфе", "ufa", 172, "347", "02"),
    City("Воронеж", "Воронеже", "vrn", 193, "473", "36"),
    City("Краснодар", "Краснодаре", "krd", 35, "861", "23"),
    City("Нижний Новгород", "Нижнем Новгороде", "nn", 47, "831", "52"),
    City("Ростов-на-Дону", "Ростове-на-Дону", "rostov", 39, "863", "61"),
    City("Тула", "Туле", "tula", 15, "4872", "71"),
)

STREETS: tuple[str, ...] = (
    "ул. Садовая",
    "ул. Победы",
    "пр-т Ленина",
    "ул. Гагарина",
    "ул. Советская",
    "ул. Заречная",
    "ул. Мира",
    "пр-т Космонавтов",
    "ул. Чехова",
    "ул. Лесная",
)

BY_NAME: dict[str, City] = {city.name: city for city in CITIES}

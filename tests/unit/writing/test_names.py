"""Names: their form, parts, gender, address, cases. Wrong is worse than unknown (G64-G68)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.writing.names import (
    address_line,
    address_name,
    decline,
    gender_of,
    gender_with_source,
    normalize_name,
    salutation,
    split_name,
)
from povod.writing.names.lists import fold, lists

NAMES = st.text(alphabet="абвийояАБВИЙОЯЁё -.'’«»оглыИ", max_size=30)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("ИВАНОВА мария ильинична", "Иванова Мария Ильинична"),
        ("«иванов-петров»", "Иванов-Петров"),
        ("Ван Дер Ваальс", "Ван Дер Ваальс"),
        ("МакДональд", "МакДональд"),
        ("алирза ОГЛЫ", "Алирза оглы"),
        ("людвиг ван БЕТХОВЕН", "Людвиг ван Бетховен"),
        ("  анна – мария ", "Анна-Мария"),
        ("о'генри", "О'Генри"),
        ("и.и. ИВАНОВ", "И.И. Иванов"),
        ("Пётр\u200b\u0000 Ёлкин\u00a0", "Пётр Ёлкин"),
        ("и\u0306ога", "Йога"),
        ("", ""),
    ],
)
def test_written_form(text: str, want: str) -> None:
    assert normalize_name(text) == want


@given(st.text(max_size=40) | NAMES)
def test_written_form_is_final(text: str) -> None:
    once = normalize_name(text)
    assert normalize_name(once) == once


@given(st.text(max_size=40) | NAMES)
def test_any_text_can_be_split_judged_and_addressed(text: str) -> None:
    parts = split_name(text)
    assert not parts.warning or not (parts.first_name or parts.middle_name or parts.last_name)
    assert gender_of(text) in ("m", "f", None)
    assert salutation(text, "official")
    assert decline(text, "dative") != ""


@pytest.mark.parametrize(
    ("text", "first", "middle", "last"),
    [
        ("Иванова Наталья Олеговна", "Наталья", "Олеговна", "Иванова"),
        ("Наталья Олеговна Иванова", "Наталья", "Олеговна", "Иванова"),
        ("Наталья Олеговна", "Наталья", "Олеговна", ""),
        ("Иванов Петрович", "", "Петрович", "Иванов"),
        ("Абрамович Роман Аркадьевич", "Роман", "Аркадьевич", "Абрамович"),
        ("Роман Аркадьевич Абрамович", "Роман", "Аркадьевич", "Абрамович"),
        ("Абрамович Роман", "Роман", "", "Абрамович"),
        ("Алиев Гейдар Алирза оглы", "Гейдар", "Алирза оглы", "Алиев"),
        ("Петров Иван", "Иван", "", "Петров"),
        ("Иван Петров", "Иван", "", "Петров"),
        ("Мария Мельник", "Мария", "", "Мельник"),
        ("Мария Ким", "Мария", "", "Ким"),
        ("Анна Мицкевич", "Анна", "", "Мицкевич"),
        ("Саша Абрамович", "Саша", "", "Абрамович"),
        ("Ким Мария", "Мария", "", "Ким"),
        ("Иванов И. И.", "", "", "Иванов"),
        ("И.И.Иванов", "", "", "Иванов"),
        ("Н.О.", "", "", ""),
        ("Nikita Smith", "Nikita", "", "Smith"),
        ("John Fitzgerald Kennedy", "John", "Fitzgerald", "Kennedy"),
        ("Prince", "Prince", "", ""),
        ("Ван Дер Ваальс", "", "", "Ван Дер Ваальс"),
        ("Роберт де Ниро", "Роберт", "", "де Ниро"),
        ("Седых", "", "", "Седых"),
        ("Олеговна", "", "Олеговна", ""),
        ("Иванов, Иван", "Иван", "", "Иванов"),
    ],
)
def test_parts(text: str, first: str, middle: str, last: str) -> None:
    parts = split_name(text)
    assert (parts.first_name, parts.middle_name, parts.last_name) == (first, middle, last)
    assert not parts.warning


@pytest.mark.parametrize("text", ["Иван Антон", "Абв Где", "Один Два Три", "А Бб Вв Гг Дд Ее"])
def test_unclear_names_stay_whole(text: str) -> None:
    parts = split_name(text)
    assert parts.full == normalize_name(text)
    assert parts.warning
    assert not parts.first_name


FATHERS_HARD = ["Иван", "Пётр", "Олег", "Степан", "Роман", "Захар", "Борис", "Руслан", "Тимур"]
FATHERS_SOFT = ["Сергей", "Андрей", "Алексей", "Матвей", "Тимофей", "Николай"]
FATHERS_IY = ["Василий", "Юрий", "Анатолий", "Виталий", "Геннадий", "Дмитрий"]


def patronymics() -> list[tuple[str, str]]:
    made = [(name.replace("Пётр", "Петр") + "ов", "") for name in FATHERS_HARD]
    made += [(name[:-1] + "ев", "") for name in FATHERS_SOFT]
    made += [(name[:-2] + "ьев", "") for name in FATHERS_IY]
    pairs = [(stem + "ич", "m") for stem, _ in made] + [(stem + "на", "f") for stem, _ in made]
    own = "Ильич Кузьмич Фомич Лукич Никитич Саввич Павлович Львович Яковлевич Иваныч Михалыч"
    pairs += [(word, "m") for word in own.split()]
    pairs += [(word, "f") for word in ["Ильинична", "Кузьминична", "Никитична", "Павловна"]]
    return [*pairs, ("Алирза оглы", "m"), ("Вели кызы", "f"), ("Анар гызы", "f")]


@pytest.mark.parametrize(("word", "gender"), patronymics())
def test_patronymics_always_decide(word: str, gender: str) -> None:
    for spelled in (word, word.upper(), word.lower()):
        assert gender_of(spelled) == gender
        assert gender_with_source(middle_name=spelled).value == gender


SURNAMES = (
    "Иванов Смирнов Кузнецов Попов Соколов Лебедев Козлов Новиков Морозов Волков Соловьёв Зайцев "
    "Васильев Фёдоров Голубев Виноградов Богданов Воробьёв Беляев Тарасов Белов Комаров Орлов "
    "Киселёв Макаров Андреев Ковалёв Ильин Гусев Титов Кузьмин Кудрявцев Баранов Куликов Пушкин "
    "Никитин Птицын Синицын Лисицын Щукин"
)
ADJECTIVES = "Достоевский Чайковский Маяковский Вяземский Островский Белинский Донской Толстой"


@pytest.mark.parametrize("word", SURNAMES.split())
def test_surnames_that_change(word: str) -> None:
    for spelled in (word, word.upper()):
        assert gender_of(spelled) == "m"
        assert gender_of(spelled + "а") == gender_of(spelled + "А") == "f"


@pytest.mark.parametrize("word", ADJECTIVES.split())
def test_surnames_like_adjectives(word: str) -> None:
    assert gender_of(word) == "m"
    assert gender_of(word[:-2] + "ая") == "f"


NEUTRAL = (
    "Шевченко Петренко Живаго Дурново Черных Седых Долгих Русских Ковальчук Бондарчук "
    "Ткачук Беридзе Саакашвили Мельник Гинзбург Эйнштейн Цой Ким "
)


@pytest.mark.parametrize("word", NEUTRAL.split())
def test_surnames_of_any_gender_are_unknown(word: str) -> None:
    for spelled in (word, word.upper(), word.lower()):
        assert gender_of(spelled) is None


MEN = (
    "Александр Максим Иван Артём Дмитрий Никита Илья Кузьма Фома Лука Савва Данила Гаврила Лев "
    "Тимур Руслан Ренат Армен Ашот Гиви Вахтанг Гейдар Магомед Рамиль Ильнур Саид Умар Нурлан "
    "Бауржан Оле Свен Джон Ганс Микола Ярополк Ждан Емельян Варфоломей"
)
WOMEN = (
    "Анна Мария Елена Любовь Нинель Юдифь Руфь Гузель Асель Эстер Ирен Кармен Элен Айгуль Гульнара "
    "Фатима Нателла Жанна Инна Зоя Лия Ия Ада Ева Джамиля Лейла Мадина Сюзан Ингрид Хелен Дарья "
    "Акулина Фёкла Ульяна Ярослава Снежана Злата Забава Милица"
)
SHORT_MEN = "Ваня Петя Коля Толя Вова Серёжа Лёша Дима Миша Гриша Костя Юра Федя Паша Стёпа Лёва"
SHORT_WOMEN = "Маша Даша Катя Оля Таня Люда Света Ира Настя Ксюша Лиза Галя Зина Рая Тома Уля"
ANY = ["Саша", "Женя", "Валя", "Шура", "Слава", "Сева", "Мишель", "Марлен", "Айнур", "Карен"]


@pytest.mark.parametrize(
    ("word", "gender"),
    [(word, "m") for word in (MEN + " " + SHORT_MEN).replace("Паша ", "").split()]
    + [(word, "f") for word in (WOMEN + " " + SHORT_WOMEN).split()]
    + [("Розочка", "f"), ("Митенька", "m"), ("Анна-Мария", "f"), ("Жан-Пьер", "m")],
)
def test_first_names(word: str, gender: str) -> None:
    for spelled in (word, word.upper(), word.lower()):
        assert gender_of(spelled) == gender


@pytest.mark.parametrize("word", ANY)
def test_names_of_any_gender_leave_it_to_the_surname(word: str) -> None:
    assert gender_of(word) is None
    assert gender_of(f"{word} Иванова") == gender_of(f"Иванова {word}") == "f"
    assert gender_of(f"{word} Иванов") == "m"


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        ("Гейдар Алирза оглы", "m"),
        ("Иванов И. И.", "m"),
        ("ИВАНОВА Н.О.", "f"),
        ("Никита", "m"),
        ("Nikita Smith", None),
        ("Анна Кузьмин", None),
        ("Анна Мицкевич", "f"),
        ("Саша Абрамович", None),
        ("Иван Антон", "m"),
        ("Саша Антон Мария Иванова", None),
        ("", None),
        ("…", None),
    ],
)
def test_gender_of_whole_names(text: str, gender: str | None) -> None:
    assert gender_of(text) == gender


def test_gender_tells_its_source_and_contradictions() -> None:
    assert gender_with_source("Саша", "", "Иванов").source == "surname"
    assert gender_with_source("Анна", "", "Ким").source == "first_name"
    assert gender_with_source("Никита", "Ивановна").source == "patronymic"
    assert gender_with_source("Никита", given="f").source == "given"
    assert gender_with_source("Никита", "Иванович", given="f").warning
    assert gender_with_source("Анна", "", "Иванов").warning
    assert gender_with_source().value is None


def test_lists_are_large_and_do_not_overlap() -> None:
    known = lists()
    assert len(known.male_short | known.female_short) >= 150
    assert len(known.male | known.female) >= 600
    groups = (known.male, known.female, known.male_short, known.female_short, known.androgynous)
    assert sum(map(len, groups)) == len(frozenset().union(*groups))
    assert all(fold(word) == word for group in groups for word in group)


PERSON = {"first_name": "Наталья", "middle_name": "Олеговна", "last_name": "Иванова"}


@pytest.mark.parametrize(
    ("person", "official", "warm"),
    [
        (PERSON, "Уважаемая Наталья Олеговна!", "Наталья, здравствуйте!"),
        (
            {**PERSON, "short_name": "Наташа"},
            "Уважаемая Наталья Олеговна!",
            "Наташа, здравствуйте!",
        ),
        (
            {"first_name": "Джон", "last_name": "Смит", "gender": "m"},
            "Уважаемый Джон Смит!",
            "Джон, здравствуйте!",
        ),
        ({"first_name": "Иван"}, "Уважаемый Иван!", "Иван, здравствуйте!"),
        ({"first_name": "ИВАН"}, "Уважаемый Иван!", "Иван, здравствуйте!"),
        ({"first_name": "Саша"}, "Здравствуйте, Саша!", "Здравствуйте, Саша!"),
        ({"last_name": "Иванова"}, "Здравствуйте!", "Здравствуйте!"),
        ({"first_name": "И.", "last_name": "Иванов"}, "Здравствуйте!", "Здравствуйте!"),
        ({"company_name": "ООО «Ромашка»"}, "Уважаемые коллеги!", "Уважаемые коллеги!"),
        ({**PERSON, "salutation": "Дорогая Ната,"}, "Дорогая Ната,", "Дорогая Ната,"),
        ({**PERSON, "gender": "m"}, "Здравствуйте, Наталья!", "Здравствуйте, Наталья!"),
        ({"first_name": "Nikita", "last_name": "Smith"}, "Здравствуйте, Nikita!", None),
        (
            {"first_name": "Natalia", "last_name": "Ivanova", "language": "en"},
            "Dear Natalia Ivanova,",
            "Hello Natalia,",
        ),
        ({"first_name": "Ivan", "language": "en"}, "Dear Ivan,", "Hello Ivan,"),
        ({"last_name": "Ivanov", "language": "en"}, "Hello,", "Hello,"),
        ({"company_name": "Acme", "language": "en"}, "Dear colleagues,", "Dear colleagues,"),
        ({"first_name": "{{7*7}}"}, "Здравствуйте, {{7*7}}!", None),
    ],
)
def test_salutation(person: dict, official: str, warm: str | None) -> None:
    assert salutation(person, "official") == official
    assert salutation(person, "warm") == (warm or official)


def test_person_may_be_an_object() -> None:
    class Row:
        first_name = "Пётр"
        middle_name = None
        gender = None

    assert salutation(Row(), "official") == "Уважаемый Пётр!"
    assert salutation("Иванова Наталья Олеговна", "official") == "Уважаемая Наталья Олеговна!"


def test_address_of_a_card() -> None:
    assert address_line(PERSON, "official") == "Уважаемая Наталья Олеговна!"
    assert address_line(PERSON, "warm") == "Наталья!"
    assert address_line({"first_name": "Саша"}, "official") == "Саша"
    assert address_line({"company_name": "Ромашка"}, "warm") == "Уважаемые коллеги!"
    assert address_line({"last_name": "Иванов"}, "warm") == ""
    assert address_line({**PERSON, "salutation": "Ната!"}, "warm") == "Ната!"
    assert address_line({"first_name": "Ann", "language": "en"}, "warm") == "Ann,"
    assert address_name(PERSON, "official") == "Наталья Олеговна"
    assert address_name({}, "warm") == ""


DECLINED = """
Иванов Иван Иванович|Иванову Ивану Ивановичу|Иванова Ивана Ивановича
Петрова Анна Сергеевна|Петровой Анне Сергеевне|Петрову Анну Сергеевну
Кузнец Олег Петрович|Кузнец Олегу Петровичу|Кузнец Олега Петровича
Золя Эмиль|Золя Эмилю|Золя Эмиля
Шевченко Тарас Григорьевич|Шевченко Тарасу Григорьевичу|Шевченко Тараса Григорьевича
Шевченко Ольга Ивановна|Шевченко Ольге Ивановне|Шевченко Ольгу Ивановну
Ковальчук Пётр Ильич|Ковальчуку Петру Ильичу|Ковальчука Петра Ильича
Ковальчук Мария Ильинична|Ковальчук Марии Ильиничне|Ковальчук Марию Ильиничну
Лев Толстой|Льву Толстому|Льва Толстого
Игорь Соболь|Игорю Соболю|Игоря Соболя
Павел Чиж|Павлу Чижу|Павла Чижа
Нина Чиж|Нине Чиж|Нину Чиж
Любовь Орлова|Любови Орловой|Любовь Орлову
Илья Муромец|Илье Муромцу|Илью Муромца
Никита Михалков|Никите Михалкову|Никиту Михалкова
Савва Морозов|Савве Морозову|Савву Морозова
Фёдор Достоевский|Фёдору Достоевскому|Фёдора Достоевского
Гейдар Алиев|Гейдару Алиеву|Гейдара Алиева
Гейдар Алирза оглы|Гейдару Алирза оглы|Гейдара Алирза оглы
Анна-Мария Каспер|Анне-Марии Каспер|Анну-Марию Каспер
Салтыков-Щедрин Михаил|Салтыкову-Щедрину Михаилу|Салтыкова-Щедрина Михаила
Седых Виктор Павлович|Седых Виктору Павловичу|Седых Виктора Павловича
Живаго Юрий Андреевич|Живаго Юрию Андреевичу|Живаго Юрия Андреевича
Зоя Вяземская|Зое Вяземской|Зою Вяземскую
Юлия Белова|Юлии Беловой|Юлию Белову
Наталья Серова|Наталье Серовой|Наталью Серову
София Ковалевская|Софии Ковалевской|Софию Ковалевскую
Гульнара Каримова|Гульнаре Каримовой|Гульнару Каримову
Руслан Хасанов|Руслану Хасанову|Руслана Хасанова
Виктор Цой|Виктору Цою|Виктора Цоя
Мария Ким|Марии Ким|Марию Ким
Пётр Кравец|Петру Кравцу|Петра Кравца
Иван Сорока|Ивану Сороке|Ивана Сороку
Анна Сорока|Анне Сороке|Анну Сороку
Николай Коваль|Николаю Ковалю|Николая Коваля
Ольга Коваль|Ольге Коваль|Ольгу Коваль
Борис Пастернак|Борису Пастернаку|Бориса Пастернака
Глеб Муха|Глебу Мухе|Глеба Муху
Яков Лось|Якову Лосю|Якова Лося
Алла Зайцева|Алле Зайцевой|Аллу Зайцеву
Эльдар Рязанов|Эльдару Рязанову|Эльдара Рязанова
Нелли Уварова|Нелли Уваровой|Нелли Уварову
Рената Литвинова|Ренате Литвиновой|Ренату Литвинову
Лука Крымов|Луке Крымову|Луку Крымова
Кузьма Минин|Кузьме Минину|Кузьму Минина
Лариса Гусева|Ларисе Гусевой|Ларису Гусеву
Никита Смит|Никите Смиту|Никиту Смита
Саша Иванова|Саше Ивановой|Сашу Иванову
Иван|Ивану|Ивана
Сергей|Сергею|Сергея
Дарья|Дарье|Дарью
Игнатий|Игнатию|Игнатия
Вероника|Веронике|Веронику
Олеговна|Олеговне|Олеговну
Смирнова|Смирновой|Смирнову
Вахтанг Беридзе|Вахтангу Беридзе|Вахтанга Беридзе
Армен Саркисян|Армену Саркисяну|Армена Саркисяна
ИВАНОВА МАРИЯ|Ивановой Марии|Иванову Марию
Тимофей Птицын|Тимофею Птицыну|Тимофея Птицына
Ксения Лисицына|Ксении Лисицыной|Ксению Лисицыну
""".strip().split("\n")


def test_cases_of_sixty_names() -> None:
    assert len(DECLINED) >= 60
    wrong = []
    for row in DECLINED:
        name, dative, accusative = row.split("|")
        wrong += [name] if decline(name, "dative") != dative else []
        wrong += [name] if decline(name, "accusative") != accusative else []
    assert len(wrong) <= 0.03 * 2 * len(DECLINED), wrong


def test_cases_that_cannot_be_told() -> None:
    assert decline("Саша", "dative") is None
    assert decline("Саша", "dative", "f") == "Саше"
    assert decline("Nikita Smith", "dative", "m") is None
    assert decline("Иван Smith", "dative") is None
    assert decline("Один Два Три", "dative", "m") is None
    assert decline("", "genitive") is None
    assert decline("Анна", "genitive") == "Анны"
    with pytest.raises(ValueError, match="unknown case 'vocative'"):
        decline("Анна", "vocative")

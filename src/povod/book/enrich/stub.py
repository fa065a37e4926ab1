"""Twenty invented companies for the demo: never applied to real clients (G119)."""

from povod.book.enrich.party import Party
from povod.kit.inn import inn_with_check

_TRADES = (
    ("Ромашка Строй", "41.20", "Орлова Анна Сергеевна"),
    ("Северный Хлеб", "10.71", "Громов Пётр Ильич"),
    ("Волга-Транс", "49.41", "Фомина Елена Юрьевна"),
    ("Бухгалтер и Ко", "69.20.1", "Зимина Ольга Павловна"),
    ("Медицина Рядом", "86.21", "Соколов Илья Андреевич"),
    ("Пиксель", "62.01", "Котова Мария Денисовна"),
    ("Торговый дом «Мера»", "46.90", "Лебедев Олег Иванович"),
    ("Уютный дом", "68.32", "Гусева Дарья Олеговна"),
    ("Школа языков «Слово»", "85.41", "Ершова Нина Львовна"),
    ("Агро-Юг", "01.11", "Тарасов Глеб Петрович"),
    ("Энергия", "35.11", "Крылов Антон Игоревич"),
    ("Типография «Лист»", "18.12", "Жукова Вера Максимовна"),
    ("Ресторан «Берёза»", "56.10", "Носов Кирилл Романович"),
    ("Юридическое бюро «Довод»", "69.10", "Белова Инна Фёдоровна"),
    ("Путешествия вместе", "79.11", "Котов Денис Ильич"),
    ("Механика", "45.20", "Панов Юрий Олегович"),
    ("Мебель Плюс", "31.01", "Ильина Софья Ивановна"),
    ("Чистый город", "38.11", "Савин Артём Львович"),
    ("Красота", "96.02", "Попова Алла Юрьевна"),
    ("Архитектура света", "71.11", "Рябов Марк Денисович"),
)

PARTIES = {
    party.inn: party
    for party in (
        Party(
            inn=inn_with_check(f"77{number:02}00000"),
            name=f"ООО «{name}»" if "«" not in name else f"ООО {name}",
            okved=okved,
            director=director,
            director_post="генеральный директор",
            status="LIQUIDATED" if number == 20 else "ACTIVE",
            registered_on=f"20{number:02}-04-01",
            source="stub",
        )
        for number, (name, okved, director) in enumerate(_TRADES, 1)
    )
}
"""By INN; the last one is liquidated."""


class StubProvider:
    """Knows the invented companies and nothing else."""

    name = "stub"

    def lookup(self, inn: str) -> Party | None:
        """The invented company with that INN."""
        return PARTIES.get(inn)

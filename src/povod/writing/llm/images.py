"""A picture for a card's ground, drawn by GigaChat (G112). The prompt holds theme words only."""

import base64
import re

from gigachat import GigaChat
from gigachat.context import client_id_cvar

from povod.kit.clock import Clock
from povod.kit.ids import new_id
from povod.kit.settings import Settings
from povod.writing.llm.base import ModelBadAnswerError
from povod.writing.llm.gigachat import GigaChatLink

_IMAGE = re.compile(r"<img\s[^>]*src=\"([\w-]{1,100})\"")
_RULES = "Нарисуй картинку без текста, букв, цифр и людей. Спокойные цвета, светлая середина."
_WORDS = {
    "floral": "нежные цветы и листья по краям, акварель",
    "official": "сдержанный строгий узор по краям, тёмно-синий и золотой",
    "spring": "весенние ветви в цвету по краям, акварель",
    "winter": "зимние еловые ветви и снег по краям",
    "plain": "спокойный геометрический узор по краям",
}


class GigaChatImages:
    """Asks for one picture and fetches it; a text instead of a picture is an error."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._model = settings.gigachat_model
        self._link = GigaChatLink(settings, clock, settings.gigachat_image_timeout_sec)

    def draw(self, theme: str) -> bytes:
        """The picture's bytes, not yet judged; `ModelError` when there is none."""
        words = _WORDS.get(theme, _WORDS["plain"])
        return self._link.ask(lambda client: self._draw(client, words))

    def _draw(self, client: GigaChat, words: str) -> bytes:
        before = client_id_cvar.set(str(new_id()))  # the file belongs to who asked for it
        try:
            answer = client.chat(
                {
                    "model": self._model,
                    "messages": [
                        {"role": "system", "content": _RULES},
                        {"role": "user", "content": f"Нарисуй: {words}"},
                    ],
                    "function_call": "auto",
                }
            )
            content = answer.choices[0].message.content if answer.choices else ""
            found = _IMAGE.search(content or "")
            if found is None:
                raise ModelBadAnswerError("the model gave no picture", "no_image")
            return base64.b64decode(client.get_image(found[1]).content)
        finally:
            client_id_cvar.reset(before)

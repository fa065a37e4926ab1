"""How the sandbox's models write greetings and misbehave (G156); shared by both wire shapes.

`greetings` writes a good one from the facts in the prompt, `sentences_ru` and `sentences_en` hold
its words, `behaviours` spoils an answer by the name of the model, `gigachat` is the second shape.
"""

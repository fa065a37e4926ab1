"""English sentences of the good model; one set serves both tones."""

OPENING = (
    "Please accept our warm congratulations {with}.",
    "We are glad to send you our best wishes {with}.",
    "Allow us to congratulate you {with}.",
    "On behalf of our whole team, we congratulate you {with}.",
    "It is a pleasure to write to you {with}.",
    "Our sincere congratulations to you {with}.",
)
NAMED = "{{{{NAME}}}}, please accept our congratulations {with}."
REASON = (
    "A day like this is a welcome reason to pause and say what busy weeks leave unsaid.",
    "It reminds us that behind every shared task there are people, patience and experience.",
    "Business letters seldom leave room for gratitude, and this occasion puts that right.",
    "Good occasions help us to look back at the road with respect and forward with hope.",
    "We are happy that the calendar gives us a reason to write about more than work.",
    "Moments like this one make it easy to say how much a good partnership means.",
)
WORK = (
    "Your careful attention to detail makes working together clear and pleasant.",
    "We value the calm and the openness that you bring to every conversation.",
    "Trust and mutual respect have become the habit of our work together, and we treasure it.",
    "Your way of listening first and deciding with care is an example to many.",
    "It is good to work with people who keep their word and care for those around them.",
    "The energy with which you take up new ideas is felt by everybody nearby.",
)
WISH = (
    "May your plans find support, your team stay close, and hard questions find good answers.",
    "We wish you inspiration, steady progress and people with whom it is good to share joy.",
    "May each new beginning bring you satisfaction, and may your home be full of warmth.",
    "We wish you clear goals, reliable partners and enough time for the things that matter.",
    "May good news come often, and may quiet evenings give back the strength that work takes.",
    "We wish you bright thoughts, faithful friends and the courage to follow your dreams.",
)
CLOSING = (
    "Thank you for your trust; we look forward to many good things together.",
    "May the days ahead be kind to you and to everybody close to you.",
    "We hope to meet again soon and to talk at leisure.",
    "Let the good mood of this day stay with you for a long while.",
    "With gratitude for what has been done together, we look ahead with hope.",
)
CARD = (
    "May your days be bright, your plans come true and good people stay near.",
    "We wish you inspiration, warmth and many reasons to smile.",
    "May your work bring joy and your home bring peace.",
    "We wish you clear skies, faithful friends and happy news.",
    "May every beginning find support and every effort find respect.",
)

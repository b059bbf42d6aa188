"""Questions, stops and idle talk in free sentences; as in `training.free_wordings`."""

from __future__ import annotations

from training.ways import listed, some, without

_LEAD = ("",) * 6 + listed(
    """
    please, okay, now, hey, hello, well, so, tell me, say, and, can you tell me, could you tell me, do you know,
    i wonder, i want to know, let me know, i ask you, quick question, one question, may i ask, you surely know,
    just tell me, what do you think, help me, remind me
    """
)
_TAIL = ("",) * 7 + listed(
    "please, now, for me, do you know, can you say, if you know, right, again, exactly, okay, then"
)
SINCE = some(
    320,
    _LEAD,
    listed(
        """
        how long since, how long is it since, how many seconds since, how much time since, how long has it
        been since, the time since, how many seconds have passed since, how much time has passed since, how
        long ago was, seconds since, how far back was, how long is it now since, what time has passed since,
        how old is, how long have we waited since, how long back was, how long after
        """
    ),
    listed("go, go, the go, my go, i said go, the word go, you heard go, the last go, that go"),
    _TAIL,
)
TALK = some(
    320,
    _LEAD[:14] + listed("can you, could you, would you, i want you to, will you, let us, start to, try to, go on and"),
    listed(
        """
        count to, count up to, count from one to, count aloud to, count out loud to, count slowly to, count
        the numbers to, say all numbers to, say the numbers from one to, begin to count to, count one two
        three to, read the numbers to, count on until, count as far as, count all numbers up to, do a count
        to, speak the numbers up to, go up to
        """
    ),
    ("{n}",),
    _TAIL,
)
AFTER = some(
    160,
    _LEAD,
    listed(
        """
        what comes after {key}, what is after {key}, what follows {key}, which number is next after {key},
        {key} and then what, what is one more than {key}, next after {key}, the next number after {key},
        what is {key} plus one, {key} plus one is, what do we have after {key}, which is the one after
        {key}, what is next to come after {key}, add one to {key}, one up from {key}
        """
    ),
    _TAIL,
)
BEFORE = some(
    160,
    _LEAD,
    listed(
        """
        what comes before {key}, what is before {key}, which number is just before {key}, what is one less
        than {key}, the number just before {key}, what is {key} minus one, {key} minus one is, what do we
        have before {key}, which is the one before {key}, what goes right before {key}, take one from {key},
        one down from {key}, what number leads to {key}, the last one before {key}
        """
    ),
    _TAIL,
)
OPPOSITE = some(
    160,
    _LEAD,
    listed(
        """
        what is the opposite of {key}, the opposite of {key}, opposite of {key}, what's the opposite of
        {key}, the opposite to {key} is, what would be the opposite of {key}, which word is the opposite of
        {key}, {key} is the opposite of what, what word means the opposite of {key}, the contrary of {key},
        what is the other side of {key}, {key} has what opposite, turn {key} around, the reverse of {key},
        not {key} but what
        """
    ),
    _TAIL,
)
COLOR = some(
    160,
    _LEAD,
    listed(
        """
        what color is {key}, what color has {key}, which color is {key}, which color has {key}, {key} is
        what color, {key} has which color, of what color is {key}, what color do you see in {key}, color of
        {key}, what is the typical color for {key}, {key} what color, how is {key} colored, what color would
        {key} be
        """
    ),
    _TAIL,
)
MANY = some(
    120,
    _LEAD,
    listed("how many {key}, the number of {key}, just how many {key}, number of {key}, how many are {key}"),
    _TAIL,
)
STOP = some(
    150,
    ("",) * 4
    + listed("okay, please, no, now, hey, alright, thanks, well, so, right, thank you, oh, that's enough, good"),
    listed(
        """
        stop, stop, stop it, stop that, you can stop, you may stop, stop please, stop talking, no more,
        that's enough, that is enough, enough, enough now, never mind, cancel, cancel that, cancel it,
        forget it, forget about it, forget that, quit, quit it, be quiet, silence, hush, finish, finish
        that, end it, end this, drop it, leave it, let it be, call it off, i am done, we are done, you are
        done, that is all, that will do, do not go on, don't say it any more, do not say that any more, stop
        saying it, stop reminding me, turn it off, switch it off, stop the reminder, stop counting, halt,
        break it off, that was the last one, not any more, i have had enough
        """
    ),
    ("",) * 5 + listed("now, please, okay, thanks, at once, for today, will you, thank you, right now, then, again"),
)
DELEGATED = some(
    700,
    ("",) * 6
    + listed("please, okay, hey, can you, could you, would you, i want you to, i need you to, now, will you, so"),
    listed(
        """
        find out, look up, check, search for, tell me, find, read to me, show me, ask around for, look for,
        research, get me, work out, explain, describe, compare, write down, look into, report on, sum up,
        check online for
        """
    ),
    listed(
        """
        the weather in {country}, the weather tomorrow, a hotel in {country}, the price of a {noun}, how to
        {verb} a {noun}, who made the {noun}, when {work} came out, the capital of {country}, the distance
        to {country}, the latest on {work}, the phone number of {name}, where {name} lives, the way to
        {country}, what a {noun} costs, the best {noun} in town, a recipe with {noun}, the story of {work},
        the history of {country}, news from {country}, trains to {country}, what people say of {work}, the
        name of the king of {country}, why the {noun} is broken, a doctor for {name}, what {name} wrote, a
        good book about {country}, the score of the game, tickets for {work}, the meaning of {work}, cheap
        flights to {country}, how {work} ends, who runs {country}, the size of {country}, what the {noun} is
        made of, how far {country} is, which {noun} to buy, how much rain there was, the address of {name}
        """
    ),
    ("",) * 5 + listed("please, for me, now, if you can, today, online, on the web, soon, quickly, okay, thanks"),
) + some(
    500,
    ("",) * 8 + listed("please, okay, hey, tell me, do you know, can you say, so, well, i wonder"),
    listed(
        """
        who is {name}, who was the first king of {country}, who wrote {work}, who invented the {noun}, where
        is {country}, where can i get a {noun}, when does {work} begin, when was {country} founded, why is
        the {noun} so big, how do i {verb} a {noun}, how much is a {noun}, how old is {country}, how many
        people know {work}, which {noun} is the best, what is {country} like, what is {work} about, what
        does {name} think of {work}, what is the fastest way to {country}, is it cold in {country}, is
        {name} at home, is {country} bigger than france, does {name} like {work}, did {name} call, will it
        rain in {country}, has {name} got a {noun}, are there trains to {country}, should i {verb} the
        {noun}, where did {name} go, what happened in {country} today, what is the time in {country}, what
        day is it, how is {name}, how warm is it in {country}, who plays tonight, how do you make {noun},
        what is a {noun}, how does a {noun} work, where is my {noun}, how high is the mountain, which bus
        goes to the river, what is the longest word, how much is six times seven, what is the news
        """
    ),
    ("",) * 6 + listed("please, now, today, these days, again, do you think, by the way, exactly, right now, anyway"),
)
NEAR_MISS = without(  # what asks for something, ends in the "go" that is counted from, or is asked by the evaluation
    some(
        700,
        ("",) * 5
        + listed(
            "well, so, yes, no, and, but, i think, you know, he said, she said, they say, maybe, really, it is true"
        ),
        listed(
            """
        {name} has to {verb} the {noun}, we {verb} the {noun} every day, he gets up every {n} minutes, it
        takes about {n} minutes, that was {n} seconds ago, she said {cue}, he said {cue} and left, they call
        it {cue}, i never say {cue}, the word {cue} is funny, i like {cue}, there was a {cue}, i will {verb}
        the {noun} later, {name} will {verb} it, somebody should {verb} the {noun}, i counted {n} of them,
        after {n} minutes he came, in {n} minutes it is over, every second counts, say what you like, she
        told me to {verb} the {noun}, he reminds me of {name}, it stops at the {noun}, they stopped the
        {noun}, stop signs are {cue}, we had enough of it, it was enough for all, never mind him said
        {name}, he went there {n} times, i waited {n} seconds for the {noun}, the {noun} takes {n} seconds,
        i hear {cue} every day, when i hear {cue} i smile, the {noun} goes every hour, each of them had a
        {noun}, how nice to see you, how long it took, how many there were, what a {cue}, what {name} said
        was {cue}, who knows, the time has come, look at the {noun}, tell {name} about it, i can count on
        you, count on {name}, go and see {name}, they go to {country}, let us go, i said so, i had to {verb}
        it {n} times, the {n} of us, number {n} is mine, we change the {noun}, make some {noun}, it makes me
        happy, wait for {name}, call {name} please, call me later, hey {name} say something, {name} are you
        there, {name} come here, are you talking to me, not you {name}, in the evening we {verb} the {noun},
        the bell rang, there is a knock, i heard a beep, open the {noun} {name}
        """
        ),
        ("",) * 7
        + listed(
            "you know, i think, today, again, anyway, at last, or so, and so on, last week, right, in the end, too"
        ),
    ),
    *("call {name} please", "call me later", "look at the {noun}", "make some {noun}", "open the {noun} {name}"),
    *("let us go", "there is a knock"),
)
STORIES = listed(
    """
    the baker had already closed, nobody knew where the road went, she keeps her hens in the yard, my cousin
    lives by the harbour, the boat left without us, they have moved to the country, we ate outside until it was
    dark, his shoes were far too large, the teacher told a long story, it was the coldest day so far, a friend
    of mine plays the flute, the letter came two days late, our roof needs to be repaired, they sell fresh fish
    on the pier, the dog ran after the postman, i have read it three times, her voice was hardly to be heard,
    the meeting took the whole day, he never drinks coffee at night, we saw a fox near the fence, the trees are
    losing their leaves, the new boss is rather strict, somebody had parked in front of the gate, the museum is
    free on sundays, she speaks four languages, it smells like rain, the stairs are steep and dark, i would
    rather stay at home, my phone has no power left, the first half was boring, he wears the same hat every
    winter, we used to sing in a choir, the ferry was late again, all the tickets were sold, grandma bakes on
    saturdays, the window does not shut, they argued about money, the clock in the hall is slow, you should have
    seen his face, the river was very high, a stranger asked for the way, the cake did not rise
    """
)

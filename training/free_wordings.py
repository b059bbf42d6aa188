"""Requests in free sentences: few words that matter, and many ways to put others around them.

Of what the parts below give together some are drawn, the same each time. They need not be good English, for nobody
speaks it: what matters has to be found in any sentence.
"""

from __future__ import annotations

from training.ways import listed, some, without

_LEAD = ("",) * 5 + listed(
    """
    please, okay, now, hey, hello, well, so, right, alright, listen, um, i need you to, i'd like you to, you
    should, you have to, try to, you will, just, can you, could you, would you, will you, could i ask you to, do
    me a favor and, be so kind and, would you mind to, it would be great to, go ahead and, from here on, help me
    and, now please, then, your job is to, all you do is, i am asking you to, remember to, you ought to, make
    sure to, start to
    """
)
_TAIL = ("",) * 6 + listed(
    """
    please, okay, thanks, thank you, for me, if you can, will you, all right, that is all, that would help, and
    nothing else, do you hear me, got it, as long as i am here, now
    """
)
_TELL = listed(
    """
    say {say}, say {say}, say {say}, repeat {say}, tell me {say}, tell me to {say}, call {say}, remind me to
    {say}, remind me to {say}, remind me {say}, remind me of {say}, call out {say}, speak the words {say}, say
    the words {say}, say the phrase {say}, read out {say}, announce {say}, shout {say}, mention {say}, prompt me
    to {say}, ask me to {say}, warn me to {say}, come back with {say}, give me {say}, give me a {say}, utter
    {say}, push me to {say}, bring up {say}, let us have {say}, say it is time to {say}, say that i should
    {say}, remember me to {say}, say just {say}, whisper {say}, say aloud {say}, say to me {say}, make me {say},
    nudge me to {say}, say only {say}
    """
)
_WISH = listed(
    """
    i must {say}, i have to {say}, i should {say}, i need to {say}, {say} please, {say} is what i want, i wish
    to hear {say}, there should be a {say}, it is time to {say}, {say}, the thing to say is {say}, {say} is what
    you say, you say {say}, i will {say}, my reminder is {say}, the message is {say}, i expect {say}, it has to
    be {say}, let it be {say}
    """
)
_EACH = listed(
    """
    every {n} seconds, every {n} seconds, every {n} seconds, each {n} seconds, at intervals of {n} seconds, in
    steps of {n} seconds, after every {n} seconds, at every {n} seconds, whenever {n} seconds have passed, every
    time {n} seconds pass, whenever another {n} seconds are over, again and again after {n} seconds, always
    after {n} seconds, with a gap of {n} seconds, with a pause of {n} seconds each time, one time in {n} seconds
    again and again, repeatedly at {n} seconds, regularly after {n} seconds, over and over after {n} seconds,
    every single {n} seconds, with {n} seconds from one to the next, every {n} seconds or so, all {n} seconds,
    every now and then that is every {n} seconds, per {n} seconds, as each {n} seconds end, any time {n} seconds
    run out, keep it at every {n} seconds, {n} seconds apart
    """
)
_KEEP = listed(
    """
    keep saying {say}, keep telling me {say}, go on with {say}, keep on saying {say}, always say {say}
    """
)
_ON = ("",) * 4 + listed(
    """
    until i stop you, until i say stop, from now on, again and again, and never stop, all day
    """
)
_AGAIN = listed(
    """
    again after each {n} seconds, once more every {n} seconds, with {n} seconds between each of them, {n} seconds
    between one and the next, as often as every {n} seconds, so often that {n} seconds lie between, one for every {n}
    seconds, as many times as {n} seconds pass, whenever it has been {n} seconds, at {n} seconds distance, on a beat of
    {n} seconds, time after time at {n} seconds, anew each {n} seconds
    """
)
_MORE = listed(
    "keep me hearing {say}, say {say} again, repeat {say} again, keep up {say}, keep on with {say}, go on {say}"
)
EVERY = (
    *some(900, _LEAD, _TELL, _EACH, _ON, _TAIL),
    *some(500, ("", "okay", "please", "so", "hey"), _EACH, ("", "", "please", "then", "you"), _TELL, _ON, _TAIL),
    *some(250, _WISH, _EACH, _ON, _TAIL),
    *some(250, ("", "okay", "hey"), _EACH, _WISH, _TAIL),
    *some(150, _LEAD, _KEEP, _EACH, _TAIL),
    *some(80, ("", "i want", "i need", "give me", "set"), ("a {say}", "{say}", "the {say}"), _EACH, _TAIL),
    *some(300, _LEAD, _TELL, _AGAIN, _ON, _TAIL),
    *some(300, ("", "okay", "please", "so"), _AGAIN, ("", "", "please", "then", "you"), _TELL + _MORE, _ON, _TAIL),
    *some(200, _WISH + _MORE, _AGAIN + _EACH, _ON, _TAIL),
)
_LATER = listed(
    """
    in {n} seconds, in {n} seconds, in {n} seconds, after {n} seconds, after {n} seconds, {n} seconds later,
    once {n} seconds have passed, when {n} seconds are over, after a wait of {n} seconds, when {n} seconds have
    run out, after a pause of {n} seconds, in about {n} seconds, in just {n} seconds, in exactly {n} seconds,
    not before {n} seconds are over, after {n} seconds only once, in {n} seconds time, after {n} more seconds,
    in another {n} seconds, {n} seconds after this, when i have waited {n} seconds, only after {n} seconds, when
    the next {n} seconds are done, {n} seconds on
    """
)
_WAIT = listed(
    """
    wait for {n} seconds then, hold on {n} seconds then, hang on {n} seconds and, pause {n} seconds then, be
    quiet for {n} seconds then, stay quiet {n} seconds and, set a timer for {n} seconds then, rest {n} seconds,
    let {n} seconds pass and, skip {n} seconds, wait until {n} seconds are over and, leave me alone for {n}
    seconds then, do nothing for {n} seconds then
    """
)
_ONCE = ("",) * 5 + listed(
    """
    once, just once, one time, only one time, and then be quiet
    """
)
IN = without(  # what is to be said once is not asked for for good
    (
        *some(800, _LEAD, _TELL, _LATER, _ONCE, _TAIL),
        *some(500, ("", "okay", "please", "so", "hey"), _LATER, ("", "", "please", "then", "you"), _TELL, _ONCE, _TAIL),
        *some(250, _WISH, _LATER, _ONCE, _TAIL),
        *some(250, ("", "okay", "hey"), _LATER, _WISH, _TAIL),
        *some(400, _LEAD, _WAIT, _TELL, _ONCE, _TAIL),
        *some(80, ("", "i want", "i need", "give me", "set"), ("a {say}", "{say}", "the {say}"), _LATER, _TAIL),
    ),
    *("from here on", "start to", "as long as i am here"),
)
_REPLY = listed(
    """
    say {say}, say {say}, answer {say}, reply {say}, answer with {say}, respond {say}, respond with {say}, call
    out {say}, shout {say}, tell me {say}, say back {say}, come back with {say}, you say {say}, the answer is
    {say}, your answer is {say}, give me {say}, speak the word {say}, i expect {say}, throw in {say}, put in
    {say}, repeat {say}, your reply is {say}, your word is {say}, tell us {say}, just say {say}, always say
    {say}, call {say}
    """
)
_HEARING = listed(
    """
    when you hear {cue}, when i say {cue}, whenever i say {cue}, every time i say {cue}, if i say {cue}, each
    time {cue} is said, when somebody says {cue}, if someone says {cue}, whenever anyone says {cue}, when {cue}
    comes up, if {cue} is spoken, whenever {cue} is mentioned, on hearing {cue}, at the word {cue}, on the word
    {cue}, once you hear {cue}, any time {cue} comes up, the moment i say {cue}, after the word {cue}, each time
    you catch the word {cue}, if ever you hear {cue}, when they say {cue}, upon {cue}, when you notice the word
    {cue}, as often as i say {cue}, should i say {cue}, when i mention {cue}, if the word {cue} falls, when he
    says {cue}, when she says {cue}, whenever we say {cue}, with each {cue}
    """
)
_LISTEN = listed(
    """
    listen for {cue} and, wait for {cue} and then, wait for the word {cue} and, watch out for {cue} and, listen
    for the word {cue} then, keep an ear out for {cue} and, to the word {cue}, look out for {cue} and, pay
    attention to {cue} and, {cue} is the signal, my word is {cue}, {cue} means, after each {cue}, i will say
    {cue} and then, i say {cue} and, somebody will say {cue} then, try to hear {cue} and
    """
)
CUE = (
    *some(800, _LEAD, _REPLY, _HEARING, _TAIL),
    *some(
        700, ("", "", "okay", "please", "hey", "so"), _HEARING, ("", "", "", "please", "then", "just"), _REPLY, _TAIL
    ),
    *some(300, _LEAD, _LISTEN, _REPLY, _TAIL),
)
_SOUNDING = listed(
    """
    when the {cue} goes, if the {cue} rings, when you hear a {cue}, after a {cue}, whenever a {cue} comes, as
    soon as a {cue} is heard, every time a {cue} goes, at the {cue}, once there was a {cue}, when something
    makes a {cue}, upon a {cue}, when you notice a {cue}, every time you hear the {cue}, after each {cue}, at
    any {cue}, on every {cue}, listen for a {cue} and, wait for the {cue} and then, watch out for a {cue} and, a
    {cue} means
    """
)
SOUND = (
    *some(250, _LEAD, _REPLY, _SOUNDING[:-4], _TAIL),
    *some(250, ("", "", "okay", "please", "hey", "so"), _SOUNDING, ("", "", "please", "then"), _REPLY, _TAIL),
)
COUNT = (
    *some(
        350,
        _LEAD,
        (
            "count",
            "count",
            "keep count",
            "keep a count",
            "number",
            "tell me the count",
            "count aloud",
            "count out loud",
        ),
        ("when i say", "each time i say", "whenever i say", "how often you hear", "every time somebody says", "each"),
        ("{cue}", "the word {cue}", "{cue} again"),
        _TAIL,
    ),
    *some(
        150,
        _LEAD,
        (
            "count the number of times",
            "count along when",
            "keep track of how often",
            "say the number when",
            "count when",
        ),
        (
            "{cue} is said",
            "{cue} comes up",
            "i say {cue}",
            "you hear {cue}",
            "the word {cue} is spoken",
            "{cue} is heard",
        ),
        _TAIL,
    ),
    *some(
        150,
        _LEAD,
        ("count every", "count all the", "count the word", "keep count of", "keep track of"),
        ("{cue}",),
        _TAIL,
    ),
    *some(
        150,
        ("when i say {cue}", "for any {cue}", "each time you hear {cue}", "with every {cue}", "whenever {cue} is said"),
        (
            "count it",
            "add one",
            "say the next number",
            "tell me the number so far",
            "count on",
            "go up by one",
            "count",
        ),
        _TAIL,
    ),
)
CHANGE = some(
    260,
    ("", "", "", "please", "no", "okay", "wait", "actually", "sorry", "hey", "i said", "i meant", "you know", "better"),
    (
        *("make it {n} seconds", "make that {n} seconds", "change it to {n} seconds", "switch to {n} seconds"),
        *("set it to {n} seconds", "go to {n} seconds", "every {n} seconds instead", "do it every {n} seconds"),
        *("take {n} seconds", "{n} seconds would be better", "now every {n} seconds", "let it be {n} seconds"),
        *("turn it to {n} seconds", "{n} seconds is better", "i want {n} seconds instead", "not that but {n} seconds"),
        *("go with {n} seconds", "move to {n} seconds", "wait {n} seconds each time", "it must be {n} seconds"),
    ),
    _TAIL,
)

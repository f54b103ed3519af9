"""Words that invented names are made of: what a thing is like, and things of a landscape."""

QUALITIES = tuple(
    """
    able airy amber ample blithe bold brave breezy bright brisk calm candid cheery chipper civil clear clever cosy crisp curious
    dapper daring deft eager early easy fair fearless fine fleet fond frank free fresh friendly gentle glad golden good graceful
    handy happy hardy hearty honest humble jaunty jolly keen kind lively loyal lucid lucky mellow merry mild modest neat nimble
    noble patient placid plucky polite prompt proud quick quiet rapid ready robust rosy sage serene sharp shiny silent silver
    simple sleek smart snug sober solid sound spry stable steady still strong sturdy sunny sure swift tidy tranquil true trusty
    upbeat vivid warm wary wise witty zesty
    """.split()  # noqa: SIM905 - words, not a list of quotes
)
PLACES = tuple(
    """
    alder anchor arbor aspen atoll bank barn basin bay beach beacon birch bluff bog bower branch bridge brook cairn canyon cape
    cavern cedar chapel cliff coast copse cottage cove creek crest dale delta den dock dune dyke elm estuary fen ferry field fjord
    ford forest forge fountain garden gate geyser glacier glade glen gorge grove gulf harbour heath hedge hill hollow inlet island
    isthmus jetty juniper knoll lagoon lake lane larch ledge linden loch lodge maple marsh meadow mesa mill moor mountain oak oasis
    ocean orchard pass path peak pier pine plain plateau pond poplar prairie quarry quay reef ridge river rock rowan sands savanna
    shoal shore slope spinney spring spruce steppe stone strait summit terrace thicket tower trail tundra vale valley village
    vineyard wharf willow wood
    """.split()  # noqa: SIM905 - words, not a list of quotes
)

"""Pairs written for this project: the manifest's canaries and the bundled model's goldens."""

# query, document, relevant
CANARIES = [
    ("how do I boil an egg", "Lower the eggs into simmering water and leave them for seven minutes for a soft yolk, ten for a firm one.", True),
    ("how do I boil an egg", "The ferry leaves the old harbour every forty minutes and takes cars, bicycles and dogs on a lead.", False),
    ("stop the laptop screen from turning off", "In the power settings, choose how long the laptop screen stays on before it turns off, on battery and when plugged in.", True),
    ("stop the laptop screen from turning off", "Tomatoes want six hours of sun a day and a deep watering twice a week.", False),
    ("capital of Australia", "Canberra was built as the seat of government of Australia, a compromise between Sydney and Melbourne.", True),
    ("capital of Australia", "A list can be copied with slicing, with the list constructor, or with its copy method.", False),
    ("git undo last commit", "git reset --soft HEAD~1 takes the most recent commit back and leaves its changes staged.", True),
    ("git undo last commit", "Bees find their way home by the sun and by landmarks they learn on short flights around the hive.", False),
]

class Passing(Exception):
    pass

"""`python -m autohook_codegen` is `autohook-gen`."""

from autohook_codegen.command import run

if __name__ == "__main__":
    run()

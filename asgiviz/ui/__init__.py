"""The screens: thin, on what views draw and a session records; the only room that imports Textual."""

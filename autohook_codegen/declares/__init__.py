"""What the files of the input declare: classes, submodules, parameters, methods. Knows no hook
point.
"""

"""Why values of the bridge differ from ours: the architecture (a pattern), the roles, the reason."""

from __future__ import annotations

from fnmatch import fnmatch

REASONS = (
    (
        "Bert*",
        "resid_mid resid_post",
        "the bridge's is behind the norm; 3.9 has it ahead, as we do",
    ),
    ("Roberta*", "resid_mid resid_post", "as for BERT"),
    ("Bart*", "resid_mid resid_post", "as for BERT"),
    ("Marian*", "resid_mid resid_post", "as for BERT"),
    ("OpenAIGPT*", "resid_mid resid_post", "as for BERT"),
    ("Afmoe*", "z", "theirs is what goes into the output's projection, behind a gate"),
    ("Laguna*", "z", "theirs is what goes into the output's projection, behind a gate"),
    ("BitNet*", "z", "theirs is what goes into the output's projection, behind a norm"),
    ("Deepseek*", "q", "ours joins the parts of several projections, theirs is one"),
    ("Glm4MoeLite*", "q", "ours joins the parts of several projections, theirs is one"),
    ("GlmMoeDsa*", "q", "ours joins the parts of several projections, theirs is one"),
    ("Youtu*", "q", "ours joins the parts of several projections, theirs is one"),
    ("ModernBertDecoder*", "pre", "theirs holds both halves, the gate and the other factor"),
    ("HunYuan*", "rot_q rot_k", "theirs is behind the norm that follows the rotation"),
    ("Jamba*", "pre post", "theirs is what goes through the whole mixture, ours the experts'"),
    ("LongT5*", "z", "local attention: ours is in blocks, as the code has it"),
    ("*Moe*", "pre post", "theirs is what goes through the whole mixture, ours the experts'"),
    ("Mixtral*", "pre post", "theirs is what goes through the whole mixture, ours the experts'"),
    ("FlexOlmo*", "pre post", "theirs is what goes through the whole mixture, ours the experts'"),
    ("MiniMax*", "pre post", "theirs is what goes through the whole mixture, ours the experts'"),
    ("Olmoe*", "pre post", "theirs is what goes through the whole mixture, ours the experts'"),
    ("SwitchTransformers*", "attn_scores pattern", "theirs has one batch for all"),
)


def reason_for(architecture: str, role: str) -> str:
    """What is known of a value that differs; nothing if it is not."""
    for pattern, roles, reason in REASONS:
        if fnmatch(architecture, pattern) and role in roles.split():
            return reason
    return ""

"""Whether an attribute that the input never sets may be a submodule that comes from elsewhere."""

from __future__ import annotations

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.program import ClassDecl

__all__ = ["may_be_inherited_module"]

METHOD_STARTS = (
    "get_ set_ is_ has_ to_ from_ init_ load_ save_ prepare_ compute_ create_ build_ make_ "
    "forward_ encode_ decode_ apply_ reset_ update_ check_ add_ remove_ log_ register_ enable_ "
    "disable_ generate_ resize_ tie_ _ on_ configure_ warn_ mark_ retrieve_ disable_ enable_ "
    "post_ calculate_ run_ prune_ expand_ merge_ split_ validate_ maybe_ should_ invert_ "
    "initialize_ convert_"
).split()
METHODS = torch_facts.MODULE_METHODS | frozenset(
    (
        "generate encode decode sample log log_dict print loss predict loss_function step "
        "setup hooks named_apply tokenize embed manual_backward optimizers lr_schedulers "
        "all_gather toggle_optimizer untoggle_optimizer requires_grad extract_features device "
        "dtype training config tokenize backward __class__ __len__ __iter__ dequantize "
        "active_adapters can_generate num_parameters push_to_hub "
        "mark_tied_weights_as_initialized freeze unfreeze criterion_ score unwrap add_hook "
        "run_with_cache run_with_hooks reset_hooks items keys values"
    ).split()
)


def may_be_inherited_module(decl: ClassDecl, attribute: str) -> bool:
    """Whether ``self.ATTRIBUTE``, which no file of the input sets, is likely a submodule.

    A base outside the input may have set it, or code outside the class; a method of such a base is
    told by its name.
    """
    if (
        "tokenizer" in attribute
        or attribute in METHODS
        or attribute.startswith(tuple(METHOD_STARTS))
    ):
        return False
    return True

"""The networks and diffusions of denoising-diffusion-pytorch, small."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tests.zoo.recipes import Recipe, floats, integers, recipe_model, recipe_names
from tests.zoo.torchvision_operators import declare_operators


def table() -> Mapping[str, Recipe]:
    declare_operators()
    import denoising_diffusion_pytorch as package
    from denoising_diffusion_pytorch import (
        classifier_free_guidance,
        guided_diffusion,
        karras_unet_1d,
        karras_unet_3d,
        simple_diffusion,
        weighted_objective_gaussian_diffusion,
    )

    images, steps = floats(2, 3, 16, 16), integers(10, 2)
    sequences, classes = floats(2, 3, 16), integers(5, 2)
    unet = partial(package.Unet, dim=16, dim_mults=(1, 2))
    sizes = {"image_size": 16, "timesteps": 10}
    karras = {"image_size": 16, "dim": 16, "dim_max": 32, "num_downsamples": 2, "channels": 3}
    guided = partial(classifier_free_guidance.Unet, dim=16, num_classes=5, dim_mults=(1, 2))
    return {
        "Unet": Recipe(unet, (images, steps)),
        "Unet self-conditioned": Recipe(
            partial(unet, self_condition=True, learned_sinusoidal_cond=True), (images, steps)
        ),
        "Unet full attention": Recipe(
            partial(unet, full_attn=True, flash_attn=True), (images, steps)
        ),
        "Unet1D": Recipe(
            partial(package.Unet1D, dim=16, dim_mults=(1, 2), channels=3), (sequences, steps)
        ),
        "KarrasUnet": Recipe(partial(package.KarrasUnet, **karras), (images, steps)),
        "KarrasUnet classes": Recipe(
            partial(package.KarrasUnet, **karras, num_classes=5),
            (images, steps),
            {"class_labels": classes},
        ),
        "KarrasUnet1D": Recipe(
            partial(
                karras_unet_1d.KarrasUnet1D,
                seq_len=16, dim=16, dim_max=32, num_downsamples=2, channels=3,
            ),
            (sequences, steps),
        ),
        "KarrasUnet3D": Recipe(
            partial(
                karras_unet_3d.KarrasUnet3D,
                image_size=16, frames=4, dim=16, dim_max=32, num_downsamples=2,
                downsample_types=("all", "image"), channels=3,
            ),
            (floats(1, 3, 4, 16, 16), integers(10, 1)),
        ),
        "UViT": Recipe(
            partial(simple_diffusion.UViT, dim=16, dim_mults=(1, 2), vit_depth=2),
            (images, floats(2)),
        ),
        "Unet guided by classes": Recipe(
            partial(guided, cond_drop_prob=0.5), (images, steps, classes)
        ),
        "GaussianDiffusion": Recipe(
            lambda: package.GaussianDiffusion(unet(), **sizes), (images,)
        ),
        "GaussianDiffusion pred_v": Recipe(
            lambda: package.GaussianDiffusion(
                unet(self_condition=True), **sizes, objective="pred_v", min_snr_loss_weight=True
            ),
            (images,),
        ),
        "GaussianDiffusion1D": Recipe(
            lambda: package.GaussianDiffusion1D(
                package.Unet1D(dim=16, dim_mults=(1, 2), channels=3), seq_length=16, timesteps=10
            ),
            (sequences,),
        ),
        "GaussianDiffusion guided by classes": Recipe(
            lambda: classifier_free_guidance.GaussianDiffusion(guided(), **sizes),
            (images,),
            {"classes": classes},
        ),
        "GaussianDiffusion guided": Recipe(
            lambda: guided_diffusion.GaussianDiffusion(unet(), **sizes), (images,)
        ),
        "LearnedGaussianDiffusion": Recipe(
            lambda: package.LearnedGaussianDiffusion(unet(learned_variance=True), **sizes),
            (images,),
        ),
        "WeightedObjectiveGaussianDiffusion": Recipe(
            lambda: weighted_objective_gaussian_diffusion.WeightedObjectiveGaussianDiffusion(
                unet(out_dim=8), **sizes
            ),
            (images,),
        ),
        "ContinuousTimeGaussianDiffusion": Recipe(
            lambda: package.ContinuousTimeGaussianDiffusion(
                unet(random_fourier_features=True), image_size=16, num_sample_steps=5
            ),
            (images,),
        ),
        "VParamContinuousTimeGaussianDiffusion": Recipe(
            lambda: package.VParamContinuousTimeGaussianDiffusion(
                unet(random_fourier_features=True), image_size=16, num_sample_steps=5
            ),
            (images,),
        ),
        "ElucidatedDiffusion": Recipe(
            lambda: package.ElucidatedDiffusion(
                unet(random_fourier_features=True), image_size=16, num_sample_steps=5
            ),
            (images,),
        ),
        "GaussianDiffusion simple": Recipe(
            lambda: simple_diffusion.GaussianDiffusion(
                simple_diffusion.UViT(dim=16, dim_mults=(1, 2), vit_depth=2), image_size=16
            ),
            (images,),
        ),
        "XMWrapper": Recipe(
            lambda: package.XMWrapper(package.GaussianDiffusion(unet(), **sizes), candidates=2),
            (images,),
        ),
    }  # fmt: skip


names = partial(recipe_names, table)
model = partial(recipe_model, table)

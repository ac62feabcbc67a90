"""Published int8 models in ../shared/models, by their files' names."""

PUBLISHED_MODELS = (
    "kws_ref_model",
    "vww_96_int8",
    "ad01_int8",
    "kws_micronet_s",
    "kws_micronet_m",
    "vww2_50_50_INT8",
    "ad_small_int8",
)

"""The processor settings of expected.json (keys of preprocessor_config.json), and which pictures each is tried on."""

UNCROPPED = {"do_center_crop": False}

SETTINGS = {
    "defaults": {},
    "size_height_width": {"size": {"height": 96, "width": 64}, **UNCROPPED},
    "size_list": {"size": [70, 91], **UNCROPPED},
    "size_shortest": {"size": {"shortest_edge": 63}, **UNCROPPED},
    "size_shortest_longest": {"size": {"shortest_edge": 64, "longest_edge": 81}, **UNCROPPED},
    "size_shortest_longest_loose": {"size": {"shortest_edge": 64, "longest_edge": 500}, **UNCROPPED},
    "size_max": {"size": {"max_height": 77, "max_width": 50}, **UNCROPPED},
    "size_max_up": {"size": {"max_height": 400, "max_width": 391}, **UNCROPPED},
    "size_integer": {"size": 100, "crop_size": 80},
    "size_longest_only": {"size": {"longest_edge": 100}},
    "size_unknown": {"size": {"edge": 100}},
    "unresized": {"do_resize": False},
    "unresized_uncropped": {"do_resize": False, **UNCROPPED},
    "resample_nearest": {"resample": 0},
    "resample_lanczos": {"resample": 1},
    "resample_bilinear": {"resample": 2},
    "resample_bicubic": {"resample": 3, "size": {"shortest_edge": 256}},
    "resample_box": {"resample": 4},
    "resample_hamming": {"resample": 5},
    "lanczos_small": {"resample": 1, "size": {"height": 41, "width": 30}, **UNCROPPED},
    "nearest_small": {"resample": 0, "size": {"height": 41, "width": 30}, **UNCROPPED},
    "bilinear_small": {"resample": 2, "size": {"height": 41, "width": 30}, **UNCROPPED},
    "crop_odd": {"size": {"shortest_edge": 64}, "crop_size": {"height": 51, "width": 33}},
    "crop_larger": {"size": {"shortest_edge": 60}, "crop_size": {"height": 131, "width": 140}},
    "crop_wider": {"size": {"shortest_edge": 60}, "crop_size": {"height": 31, "width": 150}},
    "rescale_only": {"do_normalize": False},
    "normalize_only": {"do_rescale": False},
    "neither": {"do_rescale": False, "do_normalize": False},
    "untouched": {"do_resize": False, "do_center_crop": False, "do_rescale": False, "do_normalize": False},
    "half": {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]},
    "other_numbers": {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.7, 0.8, 0.9], "rescale_factor": 0.003},
    "other_rescale_only": {"rescale_factor": 0.0078, "do_normalize": False},
    "scalar_mean": {"image_mean": 0.5, "image_std": 0.25},
    "zero_std": {"do_rescale": False, "image_std": [0.5, 0.0, 0.5]},
    "two_means": {"image_mean": [0.5, 0.5], "image_std": [0.5, 0.5]},
    "padded": {"do_pad": True, "pad_size": {"height": 240, "width": 251}},
    "unconverted": {"do_convert_rgb": False},
    "kept_1": {"do_convert_rgb": False, "image_mean": [0.45], "image_std": [0.225]},
    "kept_4": {"do_convert_rgb": False, "image_mean": [0.1, 0.2, 0.3, 0.4], "image_std": [0.5, 0.6, 0.7, 0.8]},
}

_EVERY = [name for name in SETTINGS if not name.startswith("kept")]

# Every other picture is tried at the defaults alone.
PER_PICTURE = {name: _EVERY for name in ("baseline_420.jpg", "progressive_420.jpg", "rgb.png", "three_by_two.png")}
PER_PICTURE["strip_500x1.png"] = ["defaults", "unresized", "size_max", "size_shortest_longest", "size_height_width"]
PER_PICTURE["strip_1x60.png"] = ["defaults", "resample_lanczos", "resample_bilinear", "resample_nearest"]
PER_PICTURE["one_pixel.png"] = ["defaults", "resample_lanczos", "resample_bilinear", "resample_nearest", "untouched"]

# Width, height, channels of the generated images; the seed is the place in this list, from 1.
RAW = [
    (640, 427, 3),
    (37, 1000, 3),
    (5, 7, 3),
    (224, 224, 3),
    (225, 300, 3),
    (300, 225, 3),
    (223, 224, 3),
    (1, 1, 3),
    (61, 47, 1),
    (5, 7, 1),
    (61, 47, 4),
    (5, 7, 4),
]
PER_RAW = ["defaults", "resample_lanczos", "resample_bilinear", "resample_nearest", "size_height_width", "unresized"]

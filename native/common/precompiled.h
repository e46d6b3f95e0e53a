// What nearly every file includes from libtorch; compiled once, since it takes longest.
#pragma once

#include <ATen/ATen.h>

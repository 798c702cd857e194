#include "bazel/prelude/standard.h"

// What most sources of tests include beside standard.h.
#pragma once

#include <filesystem>
#include <fstream>
#include <thread>

#include "bazel/prelude/standard.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#ifndef MUSTER_TESTS_SUPPORT_CLEAN_ENVIRONMENT_H_
#define MUSTER_TESTS_SUPPORT_CLEAN_ENVIRONMENT_H_

#include <stdlib.h>

#include "gtest/gtest.h"

namespace muster::tests {

// Where a test was started must not matter to the programs that it starts.
class CleanEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    for (const char* name : {"BUILD_WORKING_DIRECTORY", "BUILD_WORKSPACE_DIRECTORY",
                             "MUSTER_MASTER", "NOTIFY_SOCKET"}) {
      ::unsetenv(name);
    }
  }
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_CLEAN_ENVIRONMENT_H_

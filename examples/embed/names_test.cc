#include "gtest/gtest.h"
#include "ipc/lock/mutex.h"
#include "muster/ipc/lock/mutex.h"

namespace {

TEST(Names, OfHeadersAreEachProjectsOwn) {
  EXPECT_EQ(Mutex().of_this_project, 1);
  EXPECT_EQ(muster::ipc::MutexState().word.load(), 0u);
}

}  // namespace

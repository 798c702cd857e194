#include "muster/proto/counted.h"

#include "gtest/gtest.h"

namespace muster::config {
namespace {

TEST(Counted, HasTheSingularForOneAlone) {
  EXPECT_EQ(Counted(1, "worker"), "1 worker");
  EXPECT_EQ(Counted(0, "worker"), "0 workers");
  EXPECT_EQ(Counted(2, "worker"), "2 workers");
  EXPECT_EQ(Counted(11, "worker"), "11 workers");
}

TEST(Counted, TakesThePluralThatItIsGiven) {
  EXPECT_EQ(Counted(1, "crash", "crashes"), "1 crash");
  EXPECT_EQ(Counted(0, "crash", "crashes"), "0 crashes");
  EXPECT_EQ(Counted(3, "crash", "crashes"), "3 crashes");
}

}  // namespace
}  // namespace muster::config

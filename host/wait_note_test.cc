#include "muster/host/wait_note.h"

#include <thread>

#include "gtest/gtest.h"

namespace muster::host {
namespace {

TEST(WaitNote, IsReadableWhileItLives) {
  WaitBoard board;
  std::thread([&] {
    WaitBoard::Attach(board);
    {
      const WaitNote note("reading", "/a");
      EXPECT_EQ(board.text(), "reading /a");
    }
    EXPECT_EQ(board.text(), "");
  }).join();
}

TEST(WaitNote, CoversTheOneAroundIt) {
  WaitBoard board;
  std::thread([&] {
    WaitBoard::Attach(board);
    const WaitNote outer("checking", "/a");
    {
      const WaitNote inner("looking at", "/b");
      EXPECT_EQ(board.text(), "looking at /b");
    }
    EXPECT_EQ(board.text(), "checking /a");
  }).join();
}

TEST(WaitNote, GoesNowhereInAThreadWithoutABoard) {
  WaitBoard board;
  std::thread([&] {
    WaitBoard::Attach(board);
    std::thread([&] {
      const WaitNote note("reading", "/a");
      EXPECT_EQ(board.text(), "");
    }).join();
  }).join();
}

}  // namespace
}  // namespace muster::host

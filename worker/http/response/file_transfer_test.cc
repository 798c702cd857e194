#include "muster/worker/http/response/file_transfer.h"

#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "muster/worker/http/response/sending_fixture.h"

namespace muster::worker::http {
namespace {

using Outcome = FileTransfer::Outcome;

using FileTransferTest = SendingTest;

TEST_F(FileTransferTest, SendsARange) {
  FileTransfer transfer(File("0123456789"), {{"", {3, 4}}});
  EXPECT_EQ(transfer.Send(server_.get(), 1 << 20), Outcome::kComplete);
  EXPECT_EQ(Received(), "3456");
  EXPECT_EQ(transfer.sent_bytes(), 4u);
}

TEST_F(FileTransferTest, SendsSeveralPartsWithWhatStandsBeforeThem) {
  FileTransfer transfer(File("0123456789"), {{"<a>", {8, 2}}, {"<b>", {0, 1}}, {"<end>", {0, 0}}});
  EXPECT_EQ(transfer.Send(server_.get(), 1 << 20), Outcome::kComplete);
  EXPECT_EQ(Received(), "<a>89<b>0<end>");
  EXPECT_EQ(transfer.sent_bytes(), 14u);
}

TEST_F(FileTransferTest, GoesOnWhereTheSocketWasFull) {
  std::string content;
  while (content.size() < 3'000'000) content += std::to_string(content.size());
  FileTransfer transfer(File(content), {{"<", {0, content.size()}}, {">", {0, 0}}});
  std::string received;
  int blocked = 0;
  Outcome outcome;
  while ((outcome = transfer.Send(server_.get(), 1 << 30)) == Outcome::kBlocked) {
    ++blocked;
    received += Received();
  }
  EXPECT_EQ(outcome, Outcome::kComplete);
  received += Received();
  EXPECT_GT(blocked, 1);
  EXPECT_TRUE(received == "<" + content + ">");
}

TEST_F(FileTransferTest, PausesSoThatOthersAreServed) {
  FileTransfer transfer(File("0123456789"), {{"", {0, 5}}, {"", {5, 5}}});
  EXPECT_EQ(transfer.Send(server_.get(), 5), Outcome::kPaused);
  EXPECT_EQ(Received(), "01234");
  EXPECT_EQ(transfer.Send(server_.get(), 5), Outcome::kComplete);
  EXPECT_EQ(Received(), "56789");
}

TEST_F(FileTransferTest, FailsWhenTheFileBecameShorter) {
  const auto file = File("0123456789");
  FileTransfer transfer(file, {{"", {0, 10}}});
  ASSERT_EQ(::ftruncate(file->fd.get(), 4), 0);
  EXPECT_EQ(transfer.Send(server_.get(), 1 << 20), Outcome::kFailed);
  EXPECT_EQ(Received(), "0123");
}

TEST_F(FileTransferTest, FailsWhenTheClientIsGone) {
  FileTransfer transfer(File("0123456789"), {{"", {0, 10}}});
  client_.reset();
  EXPECT_EQ(transfer.Send(server_.get(), 1 << 20), Outcome::kFailed);
}

}  // namespace
}  // namespace muster::worker::http

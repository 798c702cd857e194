#ifndef MUSTER_BENCH_RAW_CHANNEL_H_
#define MUSTER_BENCH_RAW_CHANNEL_H_

#include <cstddef>
#include <utility>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel_format.h"

namespace muster::bench {

// The floor of ipc::Channel: one end of a SEQPACKET socketpair, used with nothing but
// sendmsg and recvmsg. It moves as many bytes as a channel does, and asks the
// kernel for the same: close-on-exec descriptors, no SIGPIPE and, unless told otherwise,
// the sender's credentials. It checks nothing of what comes.
class RawChannel {
 public:
  struct Pair;
  static Pair CreatePair(bool with_credentials);

  // `fd` may be -1: none. Aborts if the kernel refuses.
  void Send(char command, absl::string_view payload, int fd = -1);
  void Receive();

  // Of the last message. Until the next call of Receive.
  char command() const { return buffer_[0]; }
  absl::string_view payload() const {
    return {buffer_ + sizeof(ipc::ChannelHeader), size_ - sizeof(ipc::ChannelHeader)};
  }
  int received_fd() const { return received_fd_; }
  void CloseReceivedFd();

 private:
  explicit RawChannel(ipc::UniqueFd fd) : fd_(std::move(fd)) {}

  ipc::UniqueFd fd_;
  char buffer_[256] = {};
  std::size_t size_ = 0;
  int received_fd_ = -1;
};

struct RawChannel::Pair {
  RawChannel first;
  RawChannel second;
};

}  // namespace muster::bench

#endif  // MUSTER_BENCH_RAW_CHANNEL_H_

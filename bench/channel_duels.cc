#include "muster/bench/channel_duels.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/bench/raw_channel.h"
#include "muster/bench/shared.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"

namespace muster::bench {
namespace {

constexpr char kEcho = 1;
constexpr char kStop = 2;

// ipc::Channel with the calls of RawChannel.
class OurChannel {
 public:
  struct Pair;
  static Pair CreatePair();

  void Send(char command, absl::string_view payload, int fd = -1) {
    const auto outcome =
        channel_.Send({.command = static_cast<std::uint16_t>(command),
                       .payload = payload,
                       .fds = fd >= 0 ? absl::MakeConstSpan(&fd, 1) : absl::Span<const int>()});
    MUSTER_CHECK(outcome.ok() && *outcome == ipc::SendOutcome::kSent, "Channel::Send");
  }
  void Receive() {
    const auto outcome = channel_.Receive(&message_);
    MUSTER_CHECK(outcome.ok() && *outcome == ipc::ReceiveOutcome::kReceived, "Channel::Receive");
  }
  char command() const { return static_cast<char>(message_.command); }
  absl::string_view payload() const { return message_.payload; }
  int received_fd() const { return message_.fds.empty() ? -1 : message_.fds[0].get(); }
  void CloseReceivedFd() { message_.fds.clear(); }

 private:
  explicit OurChannel(ipc::Channel channel) : channel_(std::move(channel)) {}

  ipc::Channel channel_;
  ipc::ReceivedMessage message_;
};

struct OurChannel::Pair {
  OurChannel first;
  OurChannel second;
};

OurChannel::Pair OurChannel::CreatePair() {
  auto pair = ipc::Channel::CreatePair();
  MUSTER_CHECK(pair.ok(), "Channel::CreatePair");
  return Pair{OurChannel(std::move(pair->first)), OurChannel(std::move(pair->second))};
}

// What is sent: two words that the receiver of an answer compares.
class Payload {
 public:
  explicit Payload(std::uint64_t sequence) : words_{sequence, ~sequence} {}
  absl::string_view bytes() const {
    return {reinterpret_cast<const char*>(words_), sizeof(words_)};
  }

 private:
  std::uint64_t words_[2];
};

// Written by the side that asks.
struct Tally {
  std::uint64_t right = 0;
};

absl::Status CheckTally(const Tally& tally, std::uint64_t total) {
  if (tally.right == total) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(tally.right, " of ", total, " messages came right"));
}

template <typename Endpoint>
void Answer(Endpoint& end, Turn& turn) {
  turn.Serve([&] {
    end.Receive();
    if (end.command() == kStop) return false;
    end.Send(kEcho, end.payload());
    return true;
  });
}

template <typename Endpoint>
void Ask(Endpoint& end, Turn& turn, Tally& tally) {
  std::uint64_t sequence = 0;
  turn.Repeat<16>([&] {
    const Payload payload(++sequence);
    end.Send(kEcho, payload.bytes());
    end.Receive();
    if (end.payload() == payload.bytes()) ++tally.right;
  });
  end.Send(kStop, {});
}

bool IsSameFile(int fd, int other) {
  struct stat a;
  struct stat b;
  return ::fstat(fd, &a) == 0 && ::fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// One process sends a descriptor to itself, receives and closes it.
template <typename Pair>
void PassFd(Pair& pair, Turn& turn, Tally& tally) {
  const ipc::UniqueFd fd(::memfd_create("bench", MFD_CLOEXEC));
  MUSTER_CHECK(fd.valid(), "memfd_create");
  const auto pass = [&](const Payload& payload) {
    pair.first.Send(kEcho, payload.bytes(), fd.get());
    pair.second.Receive();
  };
  pass(Payload(0));
  MUSTER_CHECK(IsSameFile(pair.second.received_fd(), fd.get()), "another file came");
  // Each that is closed leaves its number to the next.
  const int number = pair.second.received_fd();
  pair.second.CloseReceivedFd();
  std::uint64_t sequence = 0;
  turn.Repeat<16>([&] {
    const Payload payload(++sequence);
    pass(payload);
    if (pair.second.received_fd() == number && pair.second.payload() == payload.bytes()) {
      ++tally.right;
    }
    pair.second.CloseReceivedFd();
  });
}

// `make_pair` is called before each round; `play` gets the pair, the turn and the tally.
template <typename MakePair, typename Play>
Contestant OverPair(std::string name, MakePair make_pair, Play play) {
  const auto tally = MakeShared<Tally>();
  const auto pair = std::make_shared<decltype(make_pair())>(make_pair());
  return Contestant{.name = std::move(name),
                    .reset =
                        [=] {
                          *tally = Tally();
                          *pair = make_pair();
                        },
                    .play = [=](Turn& turn) { play(*pair, turn, *tally); },
                    .check = [=](std::uint64_t total) { return CheckTally(*tally, total); }};
}

constexpr auto kRoundTrip = [](auto& pair, Turn& turn, Tally& tally) {
  if (turn.role() == 0) {
    Ask(pair.first, turn, tally);
  } else {
    Answer(pair.second, turn);
  }
};
constexpr auto kPassFd = [](auto& pair, Turn& turn, Tally& tally) { PassFd(pair, turn, tally); };

template <typename Play>
Contestant Ours(Play play) {
  return OverPair("Channel", &OurChannel::CreatePair, play);
}
template <typename Play>
Contestant Raw(Play play) {
  return OverPair(
      "raw SEQPACKET", [] { return RawChannel::CreatePair(true); }, play);
}
template <typename Play>
Contestant RawWithoutCredentials(Play play) {
  return OverPair(
      "the same, no credentials", [] { return RawChannel::CreatePair(false); }, play);
}

}  // namespace

std::vector<Duel> ChannelDuels() {
  return {
      {"channel round trip, two CPUs", Processes::kTwo, Ours(kRoundTrip), Raw(kRoundTrip), 1.10},
      {"channel round trip, one CPU", Processes::kTwoOnOneCpu, Ours(kRoundTrip), Raw(kRoundTrip),
       1.10},
      {"channel round trip, one CPU", Processes::kTwoOnOneCpu, Ours(kRoundTrip),
       RawWithoutCredentials(kRoundTrip), std::nullopt},
      {"channel message with one fd", Processes::kOne, Ours(kPassFd), Raw(kPassFd), 1.10},
  };
}

}  // namespace muster::bench

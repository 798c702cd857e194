#include "muster/worker/runtime/accept/admission.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/origin/client_counts.h"
#include "muster/worker/runtime/accept/acceptor_fixture.h"
#include "muster/worker/runtime/accept/listener_terms.h"

namespace muster::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kHeader[] = "PROXY TCP4 192.0.2.1 198.51.100.2 4660 80\r\n";
const std::string kBinaryHeader =
    std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c", 16) +
    std::string("\xc0\x00\x02\x09\xc6\x33\x64\x02\x12\x34\x00\x50", 12);

// Both ends of a connection over a Unix socket, whose headers are believed.
class AdmissionTest : public AcceptorTest {
 protected:
  AdmissionTest() {
    config::v1::Listen listen;
    listen.set_address("unix:/run/a.sock");
    listen.set_name("behind");
    listen.mutable_proxy_protocol()->mutable_timeout()->set_seconds(60);
    terms_ = *ListenerTerms::From(listen);
  }

  // The end of the other side.
  ipc::UniqueFd Arrive(const std::string& first_bytes = "") {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    ipc::UniqueFd client(ends[0]);
    Send(client, first_bytes);
    Connection connection;
    connection.fd.reset(ends[1]);
    connection.origin = ReadOrigin(ends[1]);
    connection.lease = count_.Take();
    connection.accepted = loop_->now();
    admission_.Take(std::move(connection), terms_);
    return client;
  }
  void Send(const ipc::UniqueFd& client, const std::string& bytes) {
    if (bytes.empty()) return;
    ASSERT_EQ(::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  static bool IsClosed(const ipc::UniqueFd& client) {
    char byte;
    const ssize_t got = ::recv(client.get(), &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
  }
  std::string ReadAll(const Connection& connection) {
    char bytes[256];
    const ssize_t got = ::recv(connection.fd.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
    return std::string(bytes, static_cast<std::size_t>(got < 0 ? 0 : got));
  }
  std::string ClientOf(std::size_t index) {
    return keeper_.connections.at(index).origin.address.ToStringWithPort();
  }

  std::shared_ptr<const ListenerTerms> terms_;
};

TEST_F(AdmissionTest, PassesAConnectionOnWithTheClientOfItsHeader) {
  const ipc::UniqueFd client = Arrive(absl::StrCat(kHeader, "hello"));
  ASSERT_EQ(keeper_.connections.size(), 1u);
  EXPECT_EQ(ClientOf(0), "192.0.2.1:4660");
  EXPECT_TRUE(keeper_.connections[0].origin.is_proxied);
  EXPECT_EQ(keeper_.connections[0].origin.listener, "behind");
  EXPECT_EQ(keeper_.connections[0].origin.credentials->pid, ::getpid());
  EXPECT_EQ(ReadAll(keeper_.connections[0]), "hello");
  EXPECT_EQ(stats_.handled.value(), 1u);
}

TEST_F(AdmissionTest, WaitsForAHeaderThatComesByteByByte) {
  for (const std::string& header : {std::string(kHeader), kBinaryHeader}) {
    keeper_.connections.clear();
    const ipc::UniqueFd client = Arrive();
    for (std::size_t i = 0; i < header.size(); ++i) {
      ASSERT_TRUE(keeper_.connections.empty()) << i;
      EXPECT_EQ(admission_.waiting(), 1u);
      EXPECT_EQ(count_.held(), 1u);
      Send(client, header.substr(i, 1));
      RunOnce();
    }
    ASSERT_EQ(keeper_.connections.size(), 1u);
    EXPECT_EQ(admission_.waiting(), 0u);
    Send(client, "then");
    EXPECT_EQ(ReadAll(keeper_.connections[0]), "then");
  }
}

// The loop would not come to rest.
TEST_F(AdmissionTest, DoesNotLookAgainAtWhatItHasSeen) {
  const ipc::UniqueFd client = Arrive("PROXY TCP4 ");
  RunOnce();
  const loop::TimePoint before = loop::Clock::now();
  ASSERT_TRUE(loop_->RunOnce(milliseconds(50)).ok());
  EXPECT_GE(loop::Clock::now() - before, milliseconds(45));
  EXPECT_EQ(admission_.waiting(), 1u);
}

TEST_F(AdmissionTest, LeavesWhatComesBehindALongHeaderToTheService) {
  const std::string value(5000, 'x');
  std::string header = kBinaryHeader.substr(0, 14) + std::string("\x13\x97", 2) +
                       kBinaryHeader.substr(16) + std::string("\x04\x13\x88", 3) + value;
  ASSERT_EQ(header.size(), 16u + 0x1397u);
  const ipc::UniqueFd client = Arrive(header.substr(0, 3000));
  EXPECT_EQ(admission_.waiting(), 1u);
  Send(client, header.substr(3000) + "GET /");
  RunOnce();
  ASSERT_EQ(keeper_.connections.size(), 1u);
  EXPECT_EQ(ClientOf(0), "192.0.2.9:4660");
  EXPECT_EQ(ReadAll(keeper_.connections[0]), "GET /");
}

TEST_F(AdmissionTest, TakesTheConnectionsOwnPeerIfTheProxyNamesNone) {
  const ipc::UniqueFd client = Arrive("PROXY UNKNOWN\r\n");
  ASSERT_EQ(keeper_.connections.size(), 1u);
  EXPECT_EQ(ClientOf(0), "unix:");
  EXPECT_FALSE(keeper_.connections[0].origin.is_proxied);
}

TEST_F(AdmissionTest, ClosesAndCountsWhatHasNoValidHeader) {
  const ipc::UniqueFd plain = Arrive("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(IsClosed(plain));
  const ipc::UniqueFd later = Arrive("PROXY TCP4 ");
  Send(later, "nonsense\r\n");
  RunOnce();
  EXPECT_TRUE(IsClosed(later));
  EXPECT_TRUE(keeper_.connections.empty());
  EXPECT_EQ(count_.held(), 0u);
  EXPECT_EQ(status_.refused_by_proxy_protocol.value(), 2u);
  EXPECT_EQ(status_.refused_over_limit.value(), 0u);
}

TEST_F(AdmissionTest, CountsACutHeaderButNotALookAtThePort) {
  ipc::UniqueFd looks = Arrive();
  looks.reset();
  RunOnce();
  EXPECT_EQ(admission_.waiting(), 0u);
  EXPECT_EQ(status_.refused_by_proxy_protocol.value(), 0u);
  ipc::UniqueFd cut = Arrive("PROXY ");
  cut.reset();
  RunOnce();
  EXPECT_EQ(admission_.waiting(), 0u);
  EXPECT_EQ(status_.refused_by_proxy_protocol.value(), 1u);
}

TEST_F(AdmissionTest, TakesWhatAPeerSentBeforeItEndedItsSide) {
  const ipc::UniqueFd client = Arrive("PROXY ");
  Send(client, absl::StrCat(std::string(kHeader).substr(6), "last"));
  ASSERT_EQ(::shutdown(client.get(), SHUT_WR), 0);
  RunOnce();
  ASSERT_EQ(keeper_.connections.size(), 1u);
  EXPECT_EQ(ReadAll(keeper_.connections[0]), "last");
}

TEST_F(AdmissionTest, ClosesWhatIsNotCompleteInTime) {
  config::v1::Listen listen;
  listen.mutable_proxy_protocol()->mutable_timeout()->set_nanos(1000 * 1000);
  terms_ = *ListenerTerms::From(listen);
  const ipc::UniqueFd client = Arrive("PROXY ");
  const loop::TimePoint deadline = loop::Clock::now() + seconds(30);
  while (admission_.waiting() > 0 && loop::Clock::now() < deadline) {
    ASSERT_TRUE(loop_->RunOnce(milliseconds(10)).ok());
  }
  EXPECT_TRUE(IsClosed(client));
  EXPECT_EQ(status_.refused_by_proxy_protocol.value(), 1u);
}

TEST_F(AdmissionTest, GivesAwayWhatWaitsAsItIs) {
  const ipc::UniqueFd client = Arrive("PROXY TCP4 ");
  std::vector<std::pair<Connection, std::string>> given;
  admission_.GiveAway({.have_room = [] { return true; },
                       .take =
                           [&](Connection connection, std::string state) {
                             given.emplace_back(std::move(connection), std::move(state));
                           }});
  ASSERT_EQ(given.size(), 1u);
  EXPECT_EQ(admission_.waiting(), 0u);
  Send(client, std::string(kHeader).substr(11));
  // As in the other worker, whose listeners have other terms.
  terms_ = ListenerTerms::None();
  admission_.TakeFresh(std::move(given[0].first), given[0].second);
  ASSERT_EQ(keeper_.connections.size(), 1u);
  EXPECT_EQ(ClientOf(0), "192.0.2.1:4660");
  EXPECT_EQ(keeper_.connections[0].origin.listener, "behind");
}

TEST_F(AdmissionTest, KeepsWhatNobodyHasRoomFor) {
  const ipc::UniqueFd client = Arrive("PROXY TCP4 ");
  admission_.GiveAway({.have_room = [] { return false; }, .take = nullptr});
  EXPECT_EQ(admission_.waiting(), 1u);
  Send(client, std::string(kHeader).substr(11));
  RunOnce();
  EXPECT_EQ(keeper_.connections.size(), 1u);
}

TEST_F(AdmissionTest, ClosesWhatWaitsAtTheEndButTakesWhatHasCome) {
  const ipc::UniqueFd late = Arrive("PROXY TCP4 ");
  const ipc::UniqueFd whole = Arrive("PROXY TCP4 ");
  Send(whole, std::string(kHeader).substr(11));
  admission_.Finish();
  EXPECT_TRUE(IsClosed(late));
  ASSERT_EQ(keeper_.connections.size(), 1u);
  const ipc::UniqueFd another = Arrive("PROXY TCP4 ");
  EXPECT_TRUE(IsClosed(another));
  const ipc::UniqueFd good = Arrive(kHeader);
  EXPECT_EQ(keeper_.connections.size(), 2u);
  EXPECT_EQ(status_.refused_by_proxy_protocol.value(), 0u);
}

TEST_F(AdmissionTest, RefusesAClientThatHasEnough) {
  ClientCounts counts;
  count_.CountClients(counts);
  config::v1::Listen listen;
  listen.mutable_proxy_protocol();
  listen.set_max_connections_per_client(2);
  terms_ = *ListenerTerms::From(listen);
  const std::vector<ipc::UniqueFd> clients = [&] {
    std::vector<ipc::UniqueFd> made;
    for (int i = 0; i < 3; ++i) made.push_back(Arrive(kHeader));
    return made;
  }();
  EXPECT_EQ(keeper_.connections.size(), 2u);
  EXPECT_TRUE(IsClosed(clients[2]));
  EXPECT_EQ(status_.refused_over_limit.value(), 1u);
  const ipc::UniqueFd other = Arrive(kBinaryHeader);
  EXPECT_EQ(keeper_.connections.size(), 3u);
  keeper_.connections.erase(keeper_.connections.begin());
  const ipc::UniqueFd again = Arrive(kHeader);
  EXPECT_EQ(keeper_.connections.size(), 3u);
  keeper_.connections.clear();
  EXPECT_EQ(counts.clients(), 0u);
}

TEST_F(AdmissionTest, CountsAClientThatIsAdopted) {
  ClientCounts counts;
  count_.CountClients(counts);
  const ipc::UniqueFd client = Arrive(kHeader);
  Connection& connection = keeper_.connections.at(0);
  v1::Origin saved;
  saved.set_address("\x0a\x01\x02\x03");
  RestoreOrigin(saved, connection);
  EXPECT_EQ(counts.CountOf(connection.origin), 1u);
  EXPECT_EQ(counts.clients(), 1u);
  Connection moved = std::move(connection);
  EXPECT_EQ(counts.clients(), 1u);
  moved = Connection();
  EXPECT_EQ(counts.clients(), 0u);
  EXPECT_EQ(count_.held(), 0u);
}

TEST_F(AdmissionTest, ClosesWhatComesWithAStateThatIsNone) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const ipc::UniqueFd client(ends[0]);
  Connection connection;
  connection.fd.reset(ends[1]);
  connection.lease = count_.Take();
  admission_.TakeFresh(std::move(connection), "\xff");
  EXPECT_TRUE(IsClosed(client));
  EXPECT_EQ(count_.held(), 0u);
}

}  // namespace
}  // namespace muster::worker

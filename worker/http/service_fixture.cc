#include "muster/worker/http/service_fixture.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "muster/ipc/base/check.h"
#include "muster/worker/http/http_service.h"

namespace muster::worker::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ipc::UniqueFd Listen() {
  ipc::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  MUSTER_CHECK(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
                   ::listen(fd.get(), 128) == 0,
               "a test may listen on loopback");
  return fd;
}

}  // namespace

std::optional<std::string> ClientResponse::Field(absl::string_view name) const {
  for (const absl::string_view line : absl::StrSplit(head, "\r\n")) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (absl::EqualsIgnoreCase(field.first, name)) return std::string(field.second);
  }
  return std::nullopt;
}

ServiceFixture::ServiceFixture()
    : loop_(*loop::EventLoop::Create()),
      zone_(*SharedZone::Create(8)),
      tag_(*zone_.Reserve()),
      connections_(stats().active),
      listener_(Listen()) {
  std::signal(SIGPIPE, SIG_IGN);
  std::string pattern = testing::TempDir() + "/site.XXXXXX";
  root_ = ::mkdtemp(pattern.data());
  http().mutable_keepalive_timeout()->set_seconds(75);
  http().mutable_header_timeout()->set_seconds(60);
  http().mutable_body_timeout()->set_seconds(60);
  http().mutable_send_timeout()->set_seconds(60);
  http().set_keepalive_requests(0);
  http().mutable_keepalive_time()->set_seconds(0);
  http().set_max_request_line_bytes(8192);
  http().set_max_header_bytes(32768);
  http().set_max_body_bytes(1048576);
  config::v1::OpenFileCache& files = *http().mutable_open_file_cache();
  files.set_max_entries(100);
  files.mutable_trusted_for()->set_seconds(60);
  files.set_max_file_bytes(32768);
  files.set_max_memory_bytes(16 << 20);
  config::v1::Location& location = *http().add_location();
  location.set_path("/");
  config::v1::Return& response = *location.mutable_return_();
  response.set_status(200);
  response.set_content_type("text/plain");
  response.set_body("hello");
}

ServiceFixture::~ServiceFixture() {
  service_.reset();
  std::filesystem::remove_all(root_);
}

config::v1::Location& ServiceFixture::AddRoot(const std::string& path) {
  config::v1::Location& location = *http().add_location();
  location.set_path(path);
  location.set_root(root_);
  return location;
}

void ServiceFixture::WriteFile(const std::string& name, absl::string_view content) const {
  const std::filesystem::path path = root_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

absl::Status ServiceFixture::Start() {
  auto service = MakeHttpService(*this, handlers_);
  if (!service.ok()) return service.status();
  service_ = *std::move(service);
  return absl::OkStatus();
}

Service& ServiceFixture::successor() {
  if (successor_ == nullptr) successor_ = *MakeHttpService(*this, handlers_);
  return *successor_;
}

absl::Status ServiceFixture::AdoptWith(const std::string& state) {
  worker::Connection connection = std::move(handed_off_.front().first);
  handed_off_.erase(handed_off_.begin());
  return successor().Adopt(std::move(connection), state);
}

void ServiceFixture::AdoptAll() {
  for (auto& [connection, state] : std::exchange(handed_off_, {})) {
    const absl::Status status = successor().Adopt(std::move(connection), std::move(state));
    EXPECT_TRUE(status.ok()) << status;
  }
}

Service& ServiceFixture::service() {
  if (service_ == nullptr) {
    const absl::Status status = Start();
    MUSTER_CHECK(status.ok(), std::string(status.message()).c_str());
  }
  return *service_;
}

ServiceFixture::Client ServiceFixture::Connect() {
  sockaddr_storage address = {};
  socklen_t bytes = sizeof(address);
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &bytes);
  ipc::UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  MUSTER_CHECK(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), bytes) == 0,
               "the listener is there");
  worker::Connection connection;
  connection.fd.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  MUSTER_CHECK(connection.fd.valid(), "a client has connected");
  connection.origin = ReadOrigin(connection.fd.get());
  connection.lease = connections_.Take();
  service().OnConnection(std::move(connection));
  return Client(*this, std::move(client));
}

ClientResponse ServiceFixture::Ask(absl::string_view request) {
  Client client = Connect();
  return client.Ask(request, !absl::StartsWith(request, "HEAD"));
}

bool ServiceFixture::RunUntil(const std::function<bool()>& is_done) {
  const loop::TimePoint deadline = loop::Clock::now() + seconds(10);
  while (!is_done()) {
    if (loop::Clock::now() > deadline) return false;
    MUSTER_CHECK(loop_->RunOnce(milliseconds(5)).ok(), "the loop runs");
  }
  return true;
}

void ServiceFixture::RunWhatIsReady() {
  for (int round = 0; round < 5; ++round) {
    MUSTER_CHECK(loop_->RunOnce(milliseconds(1)).ok(), "the loop runs");
  }
}

void ServiceFixture::Client::Send(absl::string_view bytes) {
  fixture_.RunUntil([&] {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    // A server that has closed reads no more.
    return bytes.empty() || (sent < 0 && errno != EAGAIN);
  });
}

void ServiceFixture::Client::FinishSending() { ::shutdown(fd_.get(), SHUT_WR); }

bool ServiceFixture::Client::Read() {
  char bytes[65536];
  const ssize_t received = ::recv(fd_.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
  if (received > 0) {
    received_.append(bytes, static_cast<std::size_t>(received));
  } else if (received == 0) {
    is_ended_ = true;
  } else if (errno != EAGAIN) {
    is_ended_ = is_reset_ = true;
  } else {
    return false;
  }
  return true;
}

ClientResponse ServiceFixture::Client::Receive(bool has_body) {
  ClientResponse response;
  std::size_t body_bytes = 0;
  std::size_t head_end = std::string::npos;
  fixture_.RunUntil([&] {
    Read();
    head_end = received_.find("\r\n\r\n");
    if (head_end == std::string::npos) return is_ended_;
    response.head = received_.substr(0, head_end + 2);
    const auto length = response.Field("Content-Length");
    body_bytes = 0;
    if (has_body && length.has_value()) (void)absl::SimpleAtoi(*length, &body_bytes);
    return is_ended_ || received_.size() >= head_end + 4 + body_bytes;
  });
  if (head_end == std::string::npos || received_.size() < head_end + 4 + body_bytes) return {};
  response.body = received_.substr(head_end + 4, body_bytes);
  received_.erase(0, head_end + 4 + body_bytes);
  (void)absl::SimpleAtoi(response.head.substr(9, 3), &response.status);
  return response;
}

ClientResponse ServiceFixture::Client::Ask(absl::string_view request, bool has_body) {
  Send(request);
  return Receive(has_body);
}

const std::string& ServiceFixture::Client::Await(
    const std::function<bool(const std::string& bytes)>& is_enough) {
  fixture_.RunUntil([&] {
    Read();
    return is_ended_ || is_enough(received_);
  });
  return received_;
}

std::string ServiceFixture::Client::ReceiveAll() {
  fixture_.RunUntil([this] {
    Read();
    return is_ended_;
  });
  EXPECT_TRUE(is_ended_) << "the server did not close";
  EXPECT_FALSE(is_reset_) << "the server reset the connection";
  return std::move(received_);
}

bool ServiceFixture::Client::IsClosed() { return ReceiveAll().empty(); }

bool ServiceFixture::Client::IsQuiet() {
  fixture_.RunWhatIsReady();
  return !Read() && received_.empty();
}

}  // namespace muster::worker::http

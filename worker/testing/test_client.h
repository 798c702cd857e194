#ifndef MUSTER_WORKER_TESTING_TEST_CLIENT_H_
#define MUSTER_WORKER_TESTING_TEST_CLIENT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::worker::testing {

// A client of a server on 127.0.0.1. Its calls block, some seconds at the most.
class TestClient {
 public:
  explicit TestClient(std::uint16_t port);

  void Send(absl::string_view bytes) const;
  // Up to and without the line's end. What came before an end of the connection.
  std::string ReadLine() const;
  // Nothing more comes: the server has closed.
  bool IsAtEnd() const;
  std::uint16_t local_port() const;
  void Close() { fd_.reset(); }

 private:
  ipc::UniqueFd fd_;
};

}  // namespace muster::worker::testing

#endif  // MUSTER_WORKER_TESTING_TEST_CLIENT_H_

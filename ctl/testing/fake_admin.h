#ifndef MUSTER_CTL_TESTING_FAKE_ADMIN_H_
#define MUSTER_CTL_TESTING_FAKE_ADMIN_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/string_ref.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace muster::ctl {

// An admin service that answers as a test wants, by functions of requests: a GetStatusRequest is
// for the method GetStatus. A call without a function answers with an empty message. Add the
// functions before Serve. Each call has a thread of its own, so that functions may wait.
class FakeAdmin {
 public:
  FakeAdmin() = default;
  ~FakeAdmin() { Stop(); }
  FakeAdmin(const FakeAdmin&) = delete;
  FakeAdmin& operator=(const FakeAdmin&) = delete;

  // Answer([](const v1::ReloadRequest&, v1::ReloadResponse* response) { return grpc::Status::OK; })
  template <typename Function>
  void Answer(Function function) {
    AnswerWith(std::function(std::move(function)));
  }

  // Stream([](const v1::WatchEventsRequest&, FakeAdmin::Writer<v1::WatchEventsResponse> write)
  // {...}). `write` sends a message, and is false once the caller is gone.
  template <typename Response>
  using Writer = std::function<bool(const Response&)>;
  template <typename Function>
  void Stream(Function function) {
    StreamWith(std::function(std::move(function)));
  }

  // Listens on a Unix socket at `path`, which the server removes at its end. Aborts if it cannot.
  void ServeUnix(const std::string& path);
  // Listens on a port of the loopback interface that the kernel chooses, and returns it.
  int ServeLoopback(const std::shared_ptr<grpc::ServerCredentials>& credentials);
  // Returns when all functions have returned.
  void Stop();

  // The value of the header field `key` of the last call; empty if it had none.
  std::string last_metadata(const std::string& key) const;

 private:
  using Write = std::function<bool(const std::string&)>;
  using Handler = std::function<grpc::Status(const std::string& request, const Write& write)>;
  struct Call;

  template <typename Request>
  static std::string MethodOf() {
    std::string name = Request::descriptor()->name();
    return name.substr(0, name.size() - std::string("Request").size());
  }
  template <typename Request, typename Response>
  void AnswerWith(std::function<grpc::Status(const Request&, Response*)> function);
  template <typename Request, typename Response>
  void StreamWith(std::function<grpc::Status(const Request&, const Writer<Response>&)> function);
  int Serve(const std::string& address,
            const std::shared_ptr<grpc::ServerCredentials>& credentials);
  void Accept();
  void Remember(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata);
  void Handle(Call& call);

  std::map<std::string, Handler> handlers_;
  std::unique_ptr<grpc::AsyncGenericService> service_;  // of one server
  std::unique_ptr<grpc::ServerCompletionQueue> accepted_;
  std::unique_ptr<grpc::Server> server_;
  std::thread accepter_;
  std::vector<std::thread> threads_;  // of calls; the accepter's
  mutable std::mutex mutex_;
  bool is_stopping_ = false;                     // guarded by mutex_
  std::map<std::string, std::string> metadata_;  // guarded by mutex_
};

template <typename Request, typename Response>
void FakeAdmin::AnswerWith(std::function<grpc::Status(const Request&, Response*)> function) {
  StreamWith<Request, Response>(
      [function = std::move(function)](const Request& request, const Writer<Response>& write) {
        Response response;
        grpc::Status status = function(request, &response);
        if (status.ok()) write(response);
        return status;
      });
}

template <typename Request, typename Response>
void FakeAdmin::StreamWith(
    std::function<grpc::Status(const Request&, const Writer<Response>&)> function) {
  handlers_[MethodOf<Request>()] = [function = std::move(function)](const std::string& bytes,
                                                                    const Write& write) {
    Request request;
    if (!request.ParseFromString(bytes)) return grpc::Status(grpc::StatusCode::INTERNAL, "parse");
    return function(request, [&write](const Response& response) {
      return write(response.SerializeAsString());
    });
  };
}

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TESTING_FAKE_ADMIN_H_

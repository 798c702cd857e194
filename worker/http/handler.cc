#include "muster/worker/http/handler.h"

namespace muster::worker::http {
namespace {

class Function : public Handler {
 public:
  explicit Function(std::function<Response(const Request&)> answer) : answer_(std::move(answer)) {}

  void Handle(const Request& request, Reply reply) override { reply.Send(answer_(request)); }

 private:
  std::function<Response(const Request&)> answer_;
};

}  // namespace

HandlerFactory AnswerWith(std::function<Response(const Request&)> answer) {
  return [answer = std::move(answer)](Context&) -> absl::StatusOr<std::unique_ptr<Handler>> {
    return std::make_unique<Function>(answer);
  };
}

}  // namespace muster::worker::http

#include "muster/worker/http/http_program.h"

#include <utility>

#include "muster/worker/http/http_service.h"

namespace muster::worker::http {

Program HttpProgram(Handlers handlers,
                    std::vector<const google::protobuf::Descriptor*> config_types) {
  Program program;
  program.config_types = std::move(config_types);
  if (handlers.empty() && program.config_types.empty()) program.sandbox = NeedsNothing;
  for (const auto& [name, factory] : handlers) program.handlers.push_back(name);
  program.make_service = [handlers = std::move(handlers)](Context& context) {
    return MakeHttpService(context, handlers);
  };
  return program;
}

}  // namespace muster::worker::http

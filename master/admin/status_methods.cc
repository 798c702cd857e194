#include "muster/master/admin/status_methods.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerStatus(AdminCalls& calls, const AdminOperations& operations,
                                       StatusPart part, grpc::CallbackServerContext* context,
                                       grpc::ByteBuffer* response) {
  return calls.ReadNow(context, [&operations, part, response] {
    const grpc::Slice slice(operations.write_status(part));
    *response = grpc::ByteBuffer(&slice, 1);
  });
}

}  // namespace muster::master

#ifndef MUSTER_MASTER_ADMIN_CONNECTION_REFLECTION_SERVICE_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_REFLECTION_SERVICE_H_

#include <string>
#include <utility>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/connection/access_question.h"
#include "muster/proto/reflection.grpc.pb.h"

namespace muster::master {

// grpc.reflection.v1alpha.ServerReflection, from the descriptors in this program. gRPC's own has a
// thread in each server, and here each connection has a server. It reads requests itself: gRPC
// would take one that is none for the end of them. Called in gRPC's threads.
class ReflectionService final : public grpc::reflection::v1alpha::ServerReflection::
                                    WithRawCallbackMethod_ServerReflectionInfo<
                                        grpc::reflection::v1alpha::ServerReflection::Service> {
 public:
  // `services`: the full names that are listed.
  ReflectionService(std::vector<std::string> services, AccessQuestion may_call,
                    StreamFollower follow)
      : services_(std::move(services)),
        may_call_(std::move(may_call)),
        follow_(std::move(follow)) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ServerReflectionInfo(
      grpc::CallbackServerContext* context) override;

  // The answer to one request. Pure.
  grpc::reflection::v1alpha::ServerReflectionResponse Answer(
      const grpc::reflection::v1alpha::ServerReflectionRequest& request) const;

 private:
  const std::vector<std::string> services_;
  const AccessQuestion may_call_;
  const StreamFollower follow_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_REFLECTION_SERVICE_H_

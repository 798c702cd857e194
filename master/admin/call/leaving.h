#ifndef MUSTER_MASTER_ADMIN_CALL_LEAVING_H_
#define MUSTER_MASTER_ADMIN_CALL_LEAVING_H_

#include "grpcpp/grpcpp.h"

namespace muster::master {

// What calls end with that are under way when the admin service ends: UNAVAILABLE. Thread-safe.
grpc::Status LeavingStatus();

// Whether the process goes on as another program, so that clients may come back at once: the reason
// is UPGRADING then.
void SetGoesOn(bool goes_on);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CALL_LEAVING_H_

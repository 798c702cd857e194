#ifndef MUSTER_MASTER_ACCESS_ADMIN_TERMS_H_
#define MUSTER_MASTER_ACCESS_ADMIN_TERMS_H_

#include "muster/master/access/access_policy.h"
#include "muster/master/listen/socket_rights.h"

namespace muster::master {

// What a configuration says of who may use the admin service, with names looked up.
struct AdminTerms {
  SocketRights rights;
  AccessPolicy access;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ACCESS_ADMIN_TERMS_H_

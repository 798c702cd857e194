#ifndef MUSTER_MASTER_CONFIG_INQUIRIES_H_
#define MUSTER_MASTER_CONFIG_INQUIRIES_H_

#include "absl/status/statusor.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/aside/inquiries.h"
#include "muster/master/deployment/deployment_source.h"
#include "muster/master/supervisor.h"
#include "muster/proto/config_call.pb.h"

namespace muster::master {

// Answers what the admin service asks about configurations: the one in force, and what is wrong
// with another one. Files are read, and programs asked, beside the loop; answers come in the loop's
// thread, as those of Inquiries. In the loop's thread only.
class ConfigInquiries {
 public:
  // Both outlive it.
  ConfigInquiries(const Supervisor& supervisor, Inquiries& inquiries)
      : supervisor_(supervisor), inquiries_(inquiries) {}

  void Get(AdminOperations::Answer<admin::v1::ActiveConfig> answer) const;
  // Null: the file.
  void Check(const admin::v1::ConfigText* text,
             AdminOperations::Answer<admin::v1::ConfigCheck> answer) const;

 private:
  const Supervisor& supervisor_;
  Inquiries& inquiries_;
};

// InvalidArgument: the name is too long, or there is no such format.
absl::StatusOr<CalledConfig> ToCalledConfig(const admin::v1::ConfigText& text);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_INQUIRIES_H_

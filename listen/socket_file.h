#ifndef MUSTER_LISTEN_SOCKET_FILE_H_
#define MUSTER_LISTEN_SOCKET_FILE_H_

#include <sys/types.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/host/file_id.h"
#include "muster/listen/address.h"
#include "muster/listen/socket_rights.h"

namespace muster::listen {

// The file of a Unix socket that this process bound, or that another program of this process did,
// which then saved it. The path may come to lead to another file, of
// this process or of another: that one is never touched. The kernel keeps the file's id for it as
// long as the socket is open, so this object ends before the socket is closed.
class SocketFile {
 public:
  // Binds `fd`, a Unix socket that does not listen, and gives the file its rights; nobody can
  // connect before they are set. A file that a dead process left is replaced. AlreadyExists:
  // another process listens there, or the file is no socket. Other errors name the call and the
  // address.
  static absl::StatusOr<SocketFile> Bind(int fd, const Address& address,
                                         const SocketRights& rights);
  // Whether Bind would find the path free now. Changes nothing.
  static absl::Status Probe(const Address& address);

  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&&) = delete;
  // Removes the file, if it is still at its path and this process owns it: it bound it, or has
  // called Own. A child of fork does not.
  ~SocketFile();

  // What another program of this process has to know of the file.
  struct Saved {
    host::FileId id;
    uid_t first_owner = 0;  // as the kernel set them
    gid_t first_group = 0;
    SocketRights rights;
  };
  Saved Save() const { return {id_, first_owner_, first_group_, rights_}; }
  // Does not touch the file, and makes an object that does not own it: who only tries whether a
  // state can be restored leaves no trace.
  static SocketFile Restore(const Address& address, const Saved& saved, bool is_shared = false);
  // The file of a socket that was passed to this process, bound and listening. The object does not
  // own it. `is_shared`: it never does, and the file keeps the rights that it has. InvalidArgument:
  // there is no socket at the path.
  static absl::StatusOr<SocketFile> Adopt(const Address& address, bool is_shared);
  // From now on this process owns the file, unless it is shared.
  void Own();
  // From now on it does not: the file stays when the object goes.
  void Disown() { owner_ = 0; }

  // Removes the file now, as the destructor does; nobody can connect any more.
  void Remove();

  // Whether the path still leads to the file: whoever connects to the path reaches the socket.
  bool IsThere() const;

  // The error for that it is not.
  absl::Status Gone() const;

  // Does nothing to a shared one. NotFound: the file is not at its path any more. After an error
  // the rights are as they were.
  absl::Status SetRights(const SocketRights& rights);
  const SocketRights& rights() const { return rights_; }
  const host::FileId& id() const { return id_; }

 private:
  SocketFile(std::string path, host::FileId id, uid_t owner, gid_t group)
      : path_(std::move(path)), id_(id), first_owner_(owner), first_group_(group) {}

  absl::Status Apply(int file, const SocketRights& rights) const;
  absl::Status SetMode(int file, mode_t mode) const;

  std::string path_;  // empty: moved from
  pid_t owner_ = 0;   // 0: none
  bool is_shared_ = false;
  host::FileId id_;
  // As the kernel set them.
  uid_t first_owner_;
  gid_t first_group_;
  SocketRights rights_;
};

}  // namespace muster::listen

#endif  // MUSTER_LISTEN_SOCKET_FILE_H_

/*
 * Preloaded into a gateway: makes the disk under its journal fail on demand, and writes down every fsync of it.
 *
 * PORTCULLIS_FAULT_DIR names a folder that is outside of the journal's. While it holds the file
 *   fail-sync        fsync and fdatasync of the journal's files fail with EIO
 *   fail-sync-once   the same, but only the first one: the call removes the file
 *   fail-write       writes to the journal's files fail with ENOSPC
 * Each of them may hold the end of a path, such as "-wal", and then concerns only files that end so.
 *
 * `calls` in the same folder gets a line per call: what (open, sync, close), pid, fd, inode, generation of the fd
 * (how often it was opened so far), outcome, end of the path.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define MAX_FD 4096

static int generation[MAX_FD];
static char watched[MAX_FD];

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static int ends_with(const char *text, const char *end) {
  size_t length = strlen(text), wanted = strlen(end);
  return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* Path of an open descriptor of the journal, or NULL. */
static const char *journal_path(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length < 0) return NULL;
  path[length] = 0;
  return ends_with(path, "/journal.db") || ends_with(path, "/journal.db-wal") ? path : NULL;
}

static int fault_file(char *path, size_t size, const char *name) {
  const char *folder = getenv("PORTCULLIS_FAULT_DIR");
  if (folder == NULL) return 0;
  snprintf(path, size, "%s/%s", folder, name);
  return 1;
}

/* Whether a trigger is there and concerns this path. */
static int triggered(const char *name, const char *path) {
  static int (*open_real)(const char *, int, ...);
  if (open_real == NULL) open_real = (int (*)(const char *, int, ...))real("open");
  char file[4096], end[64] = "";
  if (!fault_file(file, sizeof file, name)) return 0;
  int fd = open_real(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, end, sizeof end - 1);
  static int (*close_real)(int);
  if (close_real == NULL) close_real = (int (*)(int))real("close");
  close_real(fd);
  end[length > 0 ? length : 0] = 0;
  return ends_with(path, end);
}

static void note(const char *what, int fd, const char *path, const char *outcome) {
  static int log_fd = -1;
  static int (*open_real)(const char *, int, ...);
  static ssize_t (*write_real)(int, const void *, size_t);
  if (log_fd < 0) {
    char file[4096];
    open_real = (int (*)(const char *, int, ...))real("open");
    write_real = (ssize_t(*)(int, const void *, size_t))real("write");
    if (!fault_file(file, sizeof file, "calls")) return;
    log_fd = open_real(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) return;
  }
  struct stat status;
  unsigned long inode = fstat(fd, &status) == 0 ? (unsigned long)status.st_ino : 0;
  char line[512];
  int length = snprintf(line, sizeof line, "%s %d %d %lu %d %s %s\n", what, (int)getpid(), fd, inode,
                        fd < MAX_FD ? generation[fd] : -1, outcome, ends_with(path, "-wal") ? "-wal" : ".db");
  if (write_real(log_fd, line, (size_t)length) < 0) abort();
}

static int opened(int fd) {
  int error = errno;
  char path[4096];
  if (fd >= 0 && fd < MAX_FD && journal_path(fd, path, sizeof path) != NULL) {
    generation[fd] += 1;
    watched[fd] = 1;
    note("open", fd, path, "ok");
  }
  errno = error;
  return fd;
}

#define OPENER(NAME)                                        \
  int NAME(const char *path, int flags, ...) {              \
    va_list more;                                           \
    va_start(more, flags);                                  \
    mode_t mode = va_arg(more, mode_t);                     \
    va_end(more);                                           \
    int (*open_real)(const char *, int, ...) =              \
        (int (*)(const char *, int, ...))real(#NAME);       \
    return opened(open_real(path, flags, mode));            \
  }
OPENER(open)
OPENER(open64)

int close(int fd) {
  int (*close_real)(int) = (int (*)(int))real("close");
  char path[4096];
  if (fd >= 0 && fd < MAX_FD && watched[fd]) {
    if (journal_path(fd, path, sizeof path) != NULL) note("close", fd, path, "ok");
    watched[fd] = 0;
  }
  return close_real(fd);
}

static int sync_file(const char *name, int fd) {
  int (*sync_real)(int) = (int (*)(int))real(name);
  char path[4096];
  if (journal_path(fd, path, sizeof path) == NULL) return sync_real(fd);
  char once[4096];
  if (triggered("fail-sync-once", path) && fault_file(once, sizeof once, "fail-sync-once") && unlink(once) == 0) {
    note("sync", fd, path, "EIO");
    errno = EIO;
    return -1;
  }
  if (triggered("fail-sync", path)) {
    note("sync", fd, path, "EIO");
    errno = EIO;
    return -1;
  }
  int result = sync_real(fd);
  note("sync", fd, path, result == 0 ? "ok" : "failed");
  return result;
}

int fsync(int fd) { return sync_file("fsync", fd); }
int fdatasync(int fd) { return sync_file("fdatasync", fd); }

static int write_fails(int fd) {
  char path[4096];
  if (fd < 0 || fd >= MAX_FD || !watched[fd]) return 0;
  if (journal_path(fd, path, sizeof path) == NULL || !triggered("fail-write", path)) return 0;
  note("write", fd, path, "ENOSPC");
  errno = ENOSPC;
  return 1;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  static ssize_t (*write_real)(int, const void *, size_t);
  if (write_real == NULL) write_real = (ssize_t(*)(int, const void *, size_t))real("write");
  return write_fails(fd) ? -1 : write_real(fd, bytes, count);
}

#define POSITIONED_WRITER(NAME, OFFSET)                                           \
  ssize_t NAME(int fd, const void *bytes, size_t count, OFFSET at) {              \
    static ssize_t (*write_real)(int, const void *, size_t, OFFSET);              \
    if (write_real == NULL)                                                       \
      write_real = (ssize_t(*)(int, const void *, size_t, OFFSET))real(#NAME);    \
    return write_fails(fd) ? -1 : write_real(fd, bytes, count, at);               \
  }
POSITIONED_WRITER(pwrite, off_t)
POSITIONED_WRITER(pwrite64, off64_t)

#include "nat_slirp.h"

#include <dlfcn.h>
#include <stddef.h>

const char *slirp_load(const char *name, slirp_library *library) {
    void *loaded = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (loaded == NULL)
        return dlerror();
    const struct {
        const char *name;
        void **function;
    } functions[] = {
        {"slirp_new", (void **)&library->open},
        {"slirp_cleanup", (void **)&library->cleanup},
        {"slirp_pollfds_fill", (void **)&library->pollfds_fill},
        {"slirp_pollfds_poll", (void **)&library->pollfds_poll},
        {"slirp_input", (void **)&library->input},
        {"slirp_add_hostfwd", (void **)&library->add_hostfwd},
        {"slirp_remove_hostfwd", (void **)&library->remove_hostfwd},
        {"slirp_version_string", (void **)&library->version_string},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        *functions[i].function = dlsym(loaded, functions[i].name);
        if (*functions[i].function == NULL)
            return dlerror();
    }
    return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's random numbers for OpenSSL. The stock tls module has it use the core's generator, which is seeded once: all TCP
 * workers inherit its state and draw the same numbers, so that connections on different workers have the same session ids,
 * server randoms and ephemeral keys. A generator without a state has none to inherit. */
#define OPENSSL_SUPPRESS_DEPRECATED /* the way to give OpenSSL a generator at run time, which the stock module takes, too */
#include <errno.h>
#include <openssl/rand.h>
#include <sys/random.h>

#include "core/dprint.h"

#include "random.h"

static int random_bytes(unsigned char *buf, int n)
{
	int done = 0;
	ssize_t got;

	while(done < n) {
		got = getrandom(buf + done, (size_t)(n - done), 0);
		if(got < 0 && errno != EINTR)
			return 0;
		if(got > 0)
			done += (int)got;
	}
	return 1;
}

static int random_status(void)
{
	return 1;
}

int random_init(void)
{
	static const RAND_METHOD kernel = {.bytes = random_bytes, .pseudorand = random_bytes, .status = random_status};
	unsigned char byte;

	if(RAND_set_rand_method(&kernel) == 1 && RAND_bytes(&byte, 1) == 1)
		return 0;
	LM_ERR("OpenSSL does not take random numbers from the kernel\n");
	return -1;
}

"""Stack traces as each language writes them, and the frames that make their fingerprints."""

TRACES = {
    "python": "\n".join(
        [
            "Traceback (most recent call last):",
            '  File "/usr/local/lib/python3.8/site-packages/django/core/handlers/base.py", line 113, in _get_response',
            "    response = wrapped(request)",
            '  File "/code/errors/views.py", line 18, in get',
            "    x = helper(1)",
            '  File "/code/errors/util2.py", line 9, in <lambda>',
            "    1 / 0",
            "ZeroDivisionError: division by zero",
        ]
    ),
    "java": "\n".join(
        [
            "java.lang.RuntimeException: wrapped",
            "\tat com.acme.Api.handle(Api.java:10)",
            "\tat org.springframework.web.X.doIt(X.java:3)",
            "Caused by: java.lang.NullPointerException: null",
            "\tat java.base/java.util.Objects.requireNonNull(Objects.java:203)",
            "\tat app//com.acme.store.Orders$1.lambda$load$3(Orders.java:55)",
            "\tat com.acme.store.Orders.load(Orders.java:44)",
            "\t... 12 more",
        ]
    ),
    "kotlin": "\n".join(
        [
            "java.lang.IllegalStateException: x",
            "\tat com.acme.FooKt$main$1.invokeSuspend(Foo.kt:12)",
            "\tat kotlin.coroutines.jvm.internal.BaseContinuationImpl.resumeWith(ContinuationImpl.kt:33)",
        ]
    ),
    "js": "\n".join(
        [
            "TypeError: Cannot read property 'x' of undefined",
            "    at Object.getUser [as handler] (/srv/app/src/users.js:10:15)",
            "    at async Promise.all (index 0)",
            "    at new Foo (webpack://small/./src/index.ts:1:2)",
            "    at /srv/app/node_modules/express/lib/router.js:5:3",
            "    at http://localhost:4201/main.3f9a8b7c6d.js?x=1:1:20",
        ]
    ),
    "firefox": "\n".join(
        [
            "errorWithContext@http://localhost:4201/main.js:12:9",
            "@http://localhost:4201/vendor.js:1:1",
            "foo/<@resource://x/y.js:1:2",
        ]
    ),
    "go": "\n".join(
        [
            "panic: runtime error: index out of range [5] with length 3",
            "",
            "goroutine 1 [running]:",
            "runtime.gopanic({0x45a2c0?, 0xc0000141b0?})",
            "\t/usr/local/go/src/runtime/panic.go:884 +0x213",
            "github.com/acme/shop/orders.(*Store).Load(0xc000010250, 0x5)",
            "\t/home/b/shop/orders/store.go:42 +0x1b",
            "github.com/acme/shop/orders.Run.func1.2()",
            "\t/home/b/shop/orders/run.go:7 +0x33",
            "main.main()",
            "\t/home/b/shop/main.go:9 +0x1d",
            "exit status 2",
        ]
    ),
    "csharp": "\n".join(
        [
            "System.NullReferenceException: Object reference not set to an instance of an object.",
            "   at System.Linq.Enumerable.First[TSource](IEnumerable`1 source)",
            "   at Acme.Shop.Orders.<LoadAsync>d__12.MoveNext() in C:\\src\\Orders.cs:line 42",
            "   at Acme.Shop.Orders..ctor(String name) in C:\\src\\Orders.cs:line 12",
            "--- End of stack trace from previous location where exception was thrown ---",
            "   at Acme.Shop.Program.<>c__DisplayClass0_0.<Main>b__0(Int32 i)",
            "   at Acme.Shop.Program.Main(String[] args) in /src/Program.cs:line 5",
        ]
    ),
    "php": "\n".join(
        [
            "PHP Fatal error:  Uncaught Exception: no in /var/www/app/src/Cart.php:12",
            "Stack trace:",
            "#0 /var/www/app/src/Checkout.php(33): App\\Cart->total(Array)",
            "#1 [internal function]: App\\Http\\Pay->{closure}()",
            "#2 /var/www/app/vendor/laravel/x.php(3): Illuminate\\Pipeline::run()",
            "#3 /var/www/app/index.php(8): require_once('/var/www...')",
            "#4 {main}",
            "  thrown in /var/www/app/src/Cart.php on line 12",
        ]
    ),
    "none": "\n".join(
        [
            "nothing here at all (really)",
        ]
    ),
    "chained": "\n".join(
        [
            "Traceback (most recent call last):",
            '  File "/srv/app/db.py", line 3, in read',
            "    x",
            "KeyError: 1",
            "",
            "During handling of the above exception, another exception occurred:",
            "",
            "Traceback (most recent call last):",
            '  File "/srv/app/web.py", line 8, in answer',
            "    y",
            "ValueError: bad",
        ]
    ),
    "library only": "\n".join(
        [
            "Traceback (most recent call last):",
            '  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode',
            "    x",
            "ValueError: bad",
        ]
    ),
    "test": "\n".join(
        [
            "junit.framework.AssertionFailedError: expected:<1> but was:<0>",
            "\tat junit.framework.Assert.fail(Assert.java:57)",
            "\tat com.acme.CompilerTestCase.test(CompilerTestCase.java:871)",
            "\tat com.acme.ScopedTest.testIssue1103a(ScopedTest.java:526)",
            "\tat sun.reflect.NativeMethodAccessorImpl.invoke0(Native Method)",
        ]
    ),
}

FRAMES = {
    "python": ["<lambda>(errors.util2)", "get(errors.views)"],
    "java": ["load(com.acme.store.Orders)"],
    "kotlin": ["invokeSuspend(com.acme.FooKt$main)"],
    "js": ["getUser(/srv/app/src/users.js)", "Foo(src/index)", "?(/main.0.js)"],
    "firefox": ["errorWithContext(/main.js)", "?(/vendor.js)", "foo(/y.js)"],
    "go": ["(*Store).Load(shop/orders)", "Run(shop/orders)", "main(main)"],
    "csharp": ["LoadAsync(Acme.Shop.Orders)", ".ctor(Acme.Shop.Orders)", "Main(Acme.Shop.Program)"],
    "php": ["total(App\\Cart)", "require_once(app.index)"],
    "none": [""],
    "chained": ["answer(app.web)", "read(app.db)"],
    "library only": ["raw_decode(json.decoder)"],
    "test": ["com.acme.ScopedTest"],
}

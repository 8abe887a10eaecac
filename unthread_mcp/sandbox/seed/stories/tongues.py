"""Other languages and alphabets, from right to left too."""

from __future__ import annotations

from typing import Final

from unthread_mcp.sandbox.seed.script import Special, Story

SPECIAL: Final = (
    Special(
        "japanese",
        Story(
            "ダッシュボードのPDF出力で文字化けします",
            "Export,Bug",
            (
                (
                    "> いつもお世話になっております。山彦ロボティクスの佐藤です。\n\n週次レポートをPDFで出力"
                    "すると、「髙」と「﨑」が□になってしまいます。画面上では正しく表示されています。木曜日の"
                    "役員会議で使用しますので、それまでにご確認いただけますでしょうか。 [file: "
                    "週次レポート.pdf]"
                ),
                (
                    "< 佐藤様、ご連絡ありがとうございます。PDFのフォントに異体字が含まれていないことが原因で"
                    "した。レポートの「レイアウト」→「フォント」で「Noto Serif JP」を選択していただけますか。"
                ),
                "> ご対応ありがとうございます。「髙」は直りましたが、「﨑」はまだ□のままです。",
            ),
            priority=7,
            kind="Bug report",
            channel="email",
        ),
        "山彦ロボティクス",
        "open",
        working_days=1,
    ),
    Special(
        "arabic",
        Story(
            "التقرير الأسبوعي لا يصل إلى فريق المبيعات",
            "Bug",
            (
                (
                    "> مرحباً، منذ يوم الأحد لا يصل التقرير الأسبوعي إلى فريق المبيعات (12 شخصاً)، بينما يصل "
                    "إليّ أنا بشكل طبيعي."
                ),
                "< أهلاً ليلى، هل العناوين من نطاق nahrpay.example نفسه أم من نطاق آخر؟",
                "> من نطاق آخر: sales.nahrpay.example، أنشأناه الأسبوع الماضي.",
                "< شكراً. يجب السماح بالنطاق الجديد من Settings > Sharing > Outside recipients.",
                "> تمّ، سننتظر تقرير الأحد القادم ثم أخبركم.",
            ),
            priority=5,
            channel="widget",
        ),
        "Nahr Payments",
        "in_progress",
        working_days=4,
    ),
    Special(
        "ukrainian",
        Story(
            "Не оновлюються дані про відвантаження",
            "Data sync",
            (
                (
                    "> Доброго дня! З учорашнього вечора таблиця відвантажень не оновлюється, останній запис "
                    "о 21:47. Конектор Postgres показує «очікування»."
                ),
                (
                    "< Добрий день, Оксано! Бачу, що ваша репліка відстає на 11 годин, тому ми не отримуємо "
                    "нових рядків. Чи були роботи на боці бази?"
                ),
                "> Так, переносили сервер. Адміністратор каже, що реплікацію вже відновлено.",
                "< Тепер відставання 40 хвилин і зменшується. Напишу, щойно все наздожене.",
                "> Дякую! Усе оновилося :)",
            ),
            priority=7,
            channel="slack",
            fix="Їхня репліка відставала після перенесення сервера.",
        ),
        "Дніпро Логістик",
        "closed",
        working_days=12,
    ),
    Special(
        "emoji",
        Story(
            "🚀 Launch day: can you double our limits? 🙏",
            "API",
            (
                (
                    "> Heya 👋 we're launching on Thursday 🎉 and expect 10× traffic. Could you lift the API "
                    "limit for 48 h? 👩‍💻👨‍👩‍👧‍👦🇧🇷"
                ),
                "< Congratulations! 🎂 Which hours, and which token?",
                '> Thu 06:00 to Sat 06:00 CET, token "storefront" 👌🏽',
            ),
            priority=5,
            channel="widget",
        ),
        "Lumen Yard",
        "open",
        working_days=2,
        contact=1,
    ),
    Special(
        "quoted-mail",
        Story(
            "AW: WG: Rechnung und Kündigungsfrist",
            "Billing",
            (
                (
                    "> anbei wie telefonisch besprochen die Anfrage unserer Buchhaltung. Bitte bestätigen "
                    "Sie uns die Kündigungsfrist schriftlich.\n\n-----Ursprüngliche Nachricht-----\nVon: "
                    "Lutz, Stefan\nGesendet: Dienstag, 09:12\nAn: Vogel, Katrin\nBetreff: WG: Rechnung\n\n"
                    "Bitte klären, siehe unten. Danke!\nSL\n\n> Sehr geehrte Damen und Herren,\n> die "
                    "Rechnung weist 12 Monate Laufzeit aus.\n>> Ist das nicht monatlich kündbar?\n>> Gruß, "
                    "Buchhaltung"
                ),
                (
                    "< Ihr Vertrag läuft zwölf Monate und kann mit einer Frist von 30 Tagen zum Ende der "
                    "Laufzeit gekündigt werden. Eine monatliche Kündigung ist im Tarif Business nicht "
                    "vorgesehen."
                ),
                "> danke, das hilft uns weiter. Wir melden uns bis Monatsende.",
            ),
            priority=3,
            kind="Billing question",
            channel="email",
        ),
        "Albatros Reisen",
        "on_hold",
        working_days=9,
    ),
    Special(
        "spanish",
        Story(
            "No puedo invitar a la nueva recepcionista",
            "How-to",
            (
                "> Hola, al invitar a una compañera me sale «no quedan licencias», pero ayer se fue otra persona.",
                (
                    "< Hola, Lucía: hay que desactivar primero la cuenta de quien se fue: Settings > People "
                    "> Deactivate. La licencia queda libre al instante."
                ),
                "> ¡Listo, ya funciona! Mil gracias.",
            ),
            channel="widget",
            kind="Access request",
            fix="La licencia se liberó al desactivar la cuenta anterior.",
        ),
        "Casa Verde Hotels",
        "closed",
        working_days=20,
    ),
)
